//! A write whose stores come in another order than they must, for a tracer: `misordered PATH STORE PLACE`. Relies on `image`
//! for the stores of a write and their right order; decides nothing.
//!
//! Record 0 becomes what record 1 is, between two marks; of its stores the one of that number is made at that place. It
//! prints `ok` and goes on until its input ends.

use std::env;
use std::path::Path;

use integration_tests::image::{Image, at};
use integration_tests::mark::between_marks;
use integration_tests::program::{number, until_input_ends};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [path, store, place] = arguments.as_slice() else { panic!("misordered PATH STORE PLACE") };
    let image = Image::of_file(Path::new(path));
    let cell = image.cell_at(1, image.word(image.version_at(1)) % u64::from(image.half(at::CELLS)));
    let words = u64::from(image.half(at::RECORD_BYTES) / 8);
    let value: Vec<u64> = (0..words).map(|word| image.word(cell + 8 * word)).collect();
    let mut stores = image.stores_of_write(0, &value);
    let moved = stores.remove(number(store));
    stores.insert(number(place), moved);
    between_marks(|| stores.iter().for_each(|&(offset, word)| image.set_word(offset, word)));
    println!("ok");
    until_input_ends();
}

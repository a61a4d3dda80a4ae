//! A writer that died behind any of its stores: both languages read the same value at once, and leave the same bytes when
//! they take over.

use integration_tests::image::Image;
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use shmrecord::{Options, Reader, Writer};

use crate::bytes::assert_same_bytes;
use crate::every::{Every, every, line};
use crate::tools::actors;

#[test]
fn both_recover_the_same_value_and_bytes() {
    for program in actors() {
        let mut actor = Actor::start(program, &["hold"]);
        for cells in [1, 4] {
            die_behind_each_store(&mut actor, cells);
        }
    }
}

fn die_behind_each_store(actor: &mut Actor, cells: u32) {
    let places = [Place::new(Backend::Posix), Place::new(Backend::Posix)];
    let [for_c, for_rust] = &places;
    let images = places.each_ref().map(|place| {
        let mut writer = Options::new().cells(cells).create::<Every>(place.address(), 2).unwrap();
        for (index, number) in [(0, 1), (0, 2), (1, 15)] {
            writer.write(index, &every(number)).unwrap();
        }
        drop(writer);
        Image::of(place)
    });
    let whole = images.each_ref().map(Image::bytes);
    // The value that the dead writer was about to publish is that of record 1.
    let cell = images[0].cell_at(1, u64::from(cells > 1));
    let bytes = images[0].get(cell, size_of::<Every>());
    let words: Vec<u64> = bytes.chunks(8).map(|word| u64::from_le_bytes(word.try_into().unwrap())).collect();
    let mut ways = vec![images[0].stores_of_write(0, &words)];
    if cells == 1 {
        ways.push(images[0].stores_of_batch(&[(1, words.clone()), (0, words)]));
    }
    for (stores, died) in ways.iter().flat_map(|stores| (0..=stores.len()).map(move |died| (stores, died))) {
        for (image, whole) in images.iter().zip(&whole) {
            image.put(0, whole);
            stores[..died].iter().for_each(|&(offset, word)| image.set_word(offset, word));
        }
        let reader = Reader::<Every>::open(for_c.address()).unwrap();
        let [before, beside] = [0, 1].map(|index| line(reader.read_versioned(index).unwrap()));
        assert_eq!(actor.ask(&format!("attach {}", for_c.address())), "sees 2");
        assert_eq!(actor.ask("read 0"), before, "behind {died} stores, {cells} cells");
        assert_eq!(actor.ask("read 1"), beside, "behind {died} stores, {cells} cells");

        assert_eq!(actor.ask(&format!("open {}", for_c.address())), "holds 2");
        let writer = Writer::<Every>::open(for_rust.address()).unwrap();
        assert_same_bytes(for_c, for_rust);
        assert_eq!(line(writer.read_versioned(0).unwrap()), before, "behind {died} stores, {cells} cells");
        assert_eq!([actor.ask("read 0"), actor.ask("read 1")], [before, beside]);
        assert_eq!(actor.ask("drop"), "dropped");
    }
}

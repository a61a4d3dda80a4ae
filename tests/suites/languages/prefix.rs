//! A writer that died behind any of its stores: both languages read the same value at once, and leave the same bytes when
//! they take over, alone or as the next of many.

use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::twin::many::options;
use shmrecord::{Reader, SharedWriter, Versioned, Writer};

use crate::bytes::assert_same_bytes;
use crate::every::{Every, every, line};
use crate::many::{By, make_set};
use crate::tools::actors;

/// As what a writer died.
#[derive(Clone, Copy, Debug)]
enum Dead<'a> {
    /// The only one.
    Alone,
    /// One of many, with the lock: the word, which names his slot.
    WithLock(u32),
    /// One of many, with a semaphore, which the kernel has given back, and the mark of the first slot. One set for each table.
    WithSemaphore(&'a [Place; 2]),
}

impl Dead<'_> {
    /// A table of two records, three versions in it, as such a writer has it in his turn.
    fn table(self, place: &Place, at_set: usize, cells: u32) -> Image {
        let letters = format!("d{cells}");
        let by = match self {
            Self::WithSemaphore(sets) => By::Semaphore(&sets[at_set]),
            Self::Alone | Self::WithLock(_) => By::Word,
        };
        let (key, index) = by.semaphore();
        let options = options(&letters, key, index);
        let values = [(0, 1), (0, 2), (1, 15)];
        if matches!(self, Self::Alone) {
            let mut writer = options.create::<Every>(place.address(), 2).unwrap();
            values.iter().for_each(|&(index, number)| writer.write(index, &every(number)).unwrap());
        } else {
            let mut writer = options.create_shared::<Every>(place.address(), 2).unwrap();
            values.iter().for_each(|&(index, number)| writer.write(index, &every(number)).unwrap());
        }
        let image = Image::of(place);
        match self {
            Self::Alone => (),
            Self::WithLock(named) => image.put(at::LOCK, &named.to_le_bytes()),
            Self::WithSemaphore(_) => image.put(at::LOCK, &1_u32.to_le_bytes()),
        }
        image
    }

    /// C comes behind him in one table and Rust in the other: the same bytes at each step. Gives what Rust reads then.
    fn succeed(self, actor: &mut Actor, for_c: &Place, for_rust: &Place) -> [Versioned<Every>; 2] {
        if matches!(self, Self::Alone) {
            assert_eq!(actor.ask(&format!("open {}", for_c.address())), "holds 2");
            let writer = Writer::<Every>::open(for_rust.address()).unwrap();
            assert_same_bytes(for_c, for_rust);
            return [0, 1].map(|index| writer.read_versioned(index).unwrap());
        }
        assert_eq!(actor.ask(&format!("join {} -", for_c.address())), "holds 2");
        let mut writer = SharedWriter::<Every>::open(for_rust.address()).unwrap();
        assert_same_bytes(for_c, for_rust);
        assert_eq!(actor.ask("lock after death"), "locked");
        let turn = writer.lock().unwrap().any();
        assert!(turn.is_after_death());
        assert_same_bytes(for_c, for_rust);
        assert_eq!(actor.ask("unlock"), "unlocked");
        drop(turn);
        assert_same_bytes(for_c, for_rust);
        assert!(actor.ask("lock").starts_with("47 lock "));
        [0, 1].map(|index| writer.read_versioned(index).unwrap())
    }
}

#[test]
fn both_recover_the_same_value_and_bytes() {
    for program in actors() {
        let mut actor = Actor::start(program, &["hold"]);
        let sets = [make_set(), make_set()];
        // Of the slot that the next one gets, and of another one, with somebody asleep.
        let with_lock = [1, 2, at::LOCK_WAITERS | 5].map(Dead::WithLock);
        for dead in with_lock.into_iter().chain([Dead::Alone, Dead::WithSemaphore(&sets)]) {
            for cells in [1, 4] {
                println!("{dead:?}, {cells} cells"); // shown when it fails
                die_behind_each_store(&mut actor, dead, cells);
            }
        }
    }
}

fn die_behind_each_store(actor: &mut Actor, dead: Dead<'_>, cells: u32) {
    let places = [Place::new(Backend::Posix), Place::new(Backend::Posix)];
    let [for_c, for_rust] = &places;
    let images = [0, 1].map(|at| dead.table(&places[at], at, cells));
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

        let found = dead.succeed(actor, for_c, for_rust).map(line);
        assert_eq!(found, [before.clone(), beside.clone()], "behind {died} stores, {cells} cells");
        assert_eq!([actor.ask("read 0"), actor.ask("read 1")], [before, beside]);
        assert_eq!(actor.ask("drop"), "dropped");
    }
}

//! Writers killed while they move amounts between accounts, two records a batch: nothing is ever lost or made.

use integration_tests::actor;
use integration_tests::case::every_public_backend;
use integration_tests::image::{Image, at};
use integration_tests::records::{Pattern256, account, balance};
use shmrecord::{Reader, Writer};

use crate::random::{Random, kills};

const CAPACITY: usize = 8;

#[test]
fn killed_batches_are_whole_or_nothing() {
    every_public_backend(|place| {
        let address = place.address();
        let mut random = Random::new();
        let start = || actor!("transfer", address, CAPACITY);
        let mut writer = start();
        assert_eq!(writer.line(), "ready 1");
        let mut auditor = actor!("audit", address);
        assert_eq!(auditor.line(), "ready");
        let reader = Reader::<Pattern256>::open(address).unwrap();
        let (kills, mut in_a_batch, mut epoch) = (kills(25), 0, 1);
        for kill in 1..=kills {
            random.pause(2000);
            writer.kill();
            let image = Image::of(place);
            in_a_batch += u32::from(is_in_a_batch(&image));
            // At once, with nobody there to help.
            let accounts = reader.snapshot(0..CAPACITY).unwrap();
            assert_eq!(balance(&accounts), Some(0), "kill {kill}");
            // Every other time the test itself takes over first.
            if kill % 2 == 0 {
                let mut writer = Writer::<Pattern256>::open(address).unwrap();
                epoch += 1;
                assert_eq!((writer.epoch(), reader.snapshot(0..CAPACITY).unwrap()), (epoch, accounts));
                assert!(!is_in_a_batch(&image), "kill {kill}: a take-over leaves nothing half-done");
                writer
                    .batch(|batch| {
                        let [one, other] = [batch.get(0)?, batch.get(1)?];
                        batch.set(1, &account(one.words[0]))?;
                        batch.set(0, &account(other.words[0]))
                    })
                    .unwrap();
                assert_eq!(balance(&reader.snapshot(0..CAPACITY).unwrap()), Some(0), "kill {kill}");
            }
            writer = start();
            epoch += 1;
            assert_eq!(writer.line(), format!("ready {epoch}"), "kill {kill}");
        }
        writer.kill();
        let verdict = auditor.end();
        println!("{verdict}; {in_a_batch} of {kills} kills fell into a batch");
        assert!(verdict.ends_with(" snapshots, 0 bad"), "{verdict}");
        assert!(reader.snapshot(0..CAPACITY).unwrap().iter().any(|account| account.words[0] != 0));
    });
}

/// Whether a writer died in the middle of a batch.
fn is_in_a_batch(image: &Image) -> bool {
    image.word(image.word(at::LOG_OFFSET)) % 2 == 1
        || (0..CAPACITY as u64).any(|index| image.word(image.version_at(index)) % 2 == 1)
}

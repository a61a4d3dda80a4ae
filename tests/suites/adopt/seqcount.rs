//! Counters: honoured against a writer that tears, advanced by ours, given up on when they do not come to rest.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use integration_tests::check::error_of;
use integration_tests::foreign::{COUNT, Kind, OFFSET, Program, STRIDE};
use integration_tests::place::Backend;
use integration_tests::records::{Pattern, Pattern8, Quote, quote};
use shmrecord::{Adopt, ErrorKind, ForeignGuard, ShmRecord};

/// Four words that must be the same.
#[derive(ShmRecord, Clone, Copy, Debug, PartialEq)]
#[repr(C)]
struct Same {
    words: [u64; 4],
}

/// Ends the writer, when a check fails too.
struct OnDrop<'a>(&'a AtomicBool);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn no_read_is_torn_beside_a_writer_that_tears() {
    for backend in Backend::ALL {
        for kind in Kind::SEQCOUNTS {
            let program = Program::new(backend, kind);
            let reader = program.table::<Same>().timeout(Duration::from_secs(10)).open().unwrap();
            let ended = AtomicBool::new(false);
            thread::scope(|scope| {
                let _end = OnDrop(&ended);
                scope.spawn(|| {
                    let mut count = 0;
                    while !ended.load(Ordering::Relaxed) {
                        count += 1;
                        for index in 0..COUNT {
                            let number = program.counter(index);
                            program.set_counter(index, number + 1);
                            let start = OFFSET + index as u64 * STRIDE;
                            program.put(start, &[count; 2]);
                            if count % 16 == 0 {
                                thread::yield_now();
                            }
                            program.put(start + 16, &[count; 2]);
                            program.set_counter(index, number + 2);
                        }
                        // At rest for a moment, or no reader would come through.
                        thread::sleep(Duration::from_micros(1));
                    }
                });
                let mut last = [0; COUNT];
                for _ in 0..500 {
                    for (last, record) in last.iter_mut().zip(reader.iter()) {
                        let words = record.unwrap().words;
                        assert!(words == [words[0]; 4] && words[0] >= *last, "{kind:?}: {words:?}");
                        *last = words[0];
                    }
                }
            });
        }
    }
}

#[test]
fn writes_advance_the_counter_by_two() {
    for kind in Kind::SEQCOUNTS {
        let program = Program::new(Backend::Posix, kind);
        let mut writer = program.table::<Quote>().open_writer().unwrap();
        // 32 bits wrap here, 64 do not.
        program.set_counter(5, u64::from(u32::MAX) - 1);
        writer.write(5, &quote(1)).unwrap();
        let wide = matches!(kind, Kind::Seqcount { bits: 64, .. });
        assert_eq!(program.counter(5), if wide { 1 << 32 } else { 0 });
        writer.update(5, |_| quote(2)).unwrap();
        assert_eq!(program.counter(5), if wide { (1 << 32) + 2 } else { 2 });
        let apart = matches!(kind, Kind::Seqcount { per_record: true, .. });
        assert_eq!(program.counter(4), if apart { 0 } else { program.counter(5) });
        assert_eq!(writer.read(5).unwrap(), quote(2));
    }
}

#[test]
fn an_odd_counter_is_waited_for_until_the_timeout() {
    for kind in Kind::SEQCOUNTS {
        let program = Program::new(Backend::Sysv, kind);
        let table = program.table::<Quote>().timeout(Duration::from_millis(2));
        let (mut writer, reader) = (table.open_writer().unwrap(), table.open().unwrap());
        let address = program.place().address();
        program.set_guard(1);
        let before = program.bytes();
        for result in [reader.read(0), writer.read(0)] {
            let kind = error_of(result, address);
            assert!(matches!(kind, ErrorKind::Contended { attempts: 1.. }), "{kind:?}");
        }
        for result in [writer.write(0, &quote(1)), writer.update(0, |_| quote(1)).map(drop)] {
            assert!(result.as_ref().unwrap_err().found().contains("stays odd"), "{result:?}");
            assert_eq!(error_of(result, address), ErrorKind::LockTimeout { pid: None });
        }
        assert!(program.bytes() == before, "nothing is stored");
        program.set_guard(2);
        assert_eq!(writer.update(0, |_| quote(1)).unwrap(), reader.read(0).unwrap());
    }
}

#[test]
fn a_counter_in_front_of_each_record_is_one_too() {
    let program = Program::new(Backend::File, Kind::None);
    // struct { u64 counter; Pattern8 record; }, from the first byte on.
    let guard = ForeignGuard::Seqcount { offset: 0, bits: 64, per_record: true };
    let table = Adopt::<Pattern8>::new(program.place().address(), guard).offset(8).stride(16);
    let mut writer = table.open_writer().unwrap();
    assert_eq!(writer.count(), 256);
    for index in 0..256 {
        writer.write(index, &Pattern8::of(index, 1)).unwrap();
    }
    let reader = table.open().unwrap();
    for index in 0..256 {
        assert_eq!(reader.read(index).unwrap(), Pattern8::of(index, 1));
        assert_eq!(program.word(index as u64 * 16).load(Ordering::Relaxed), 2);
    }
}

//! One operation of the runtime between two marks, for a tracer: `step OPERATION ADDRESS`. Relies on the runtime's public API
//! and on `/proc` for what the process has; decides nothing. Its twin in C is `suites/syscalls/c/step.c`.
//!
//! It prints `ok`, or the error as `CODE ERRNO TEXT`; then `left D M`: how many descriptors and shared mappings are more than
//! before. It goes on until its input ends.

#![expect(unsafe_code, reason = "alarm, which std does not offer")]

use std::env;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::Duration;

use integration_tests::holdings::holdings;
use integration_tests::mark::between_marks;
use integration_tests::program::{number, until_input_ends};
use integration_tests::readable::is_readable;
use integration_tests::records::{Pattern, Pattern64, Pattern256, Quote};
use shmrecord::handover::{self, Share};
use shmrecord::{Options, Reader, Result, Semaphore, SharedWriter, ShmRecord, Writer};

/// Records in a table.
const CAPACITY: usize = 4;
/// How long it is waited for what does not come: shorter than a waiting reader sleeps.
const PATIENCE: Duration = Duration::from_millis(20);
/// How long for what does come.
const LONG_PATIENCE: Duration = Duration::from_secs(100);
/// Longer than any operation may take, stepped on a busy machine.
const SECONDS: u32 = 300;

fn main() {
    // SAFETY: no memory is involved; the signal ends this process.
    unsafe { libc::alarm(SECONDS) };
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [operation, address] = arguments.as_slice() else { panic!("step OPERATION ADDRESS") };
    // What was inherited is taken in when a memfd is first asked for, for which this process gets its home.
    if address.starts_with("memfd:") {
        let _ = handover::forget("memfd:none");
    }
    let before = holdings();
    let result = run(operation, address);
    let after = holdings();
    match result {
        Ok(()) => println!("ok"),
        Err(error) => {
            println!("{} {} {error}", error.kind().code(), error.raw_os_error().unwrap_or(0));
        }
    }
    let left = |at: usize| after[at].cast_signed() - before[at].cast_signed();
    println!("left {} {}", left(0), left(1));
    until_input_ends();
}

/// Runs the operation; what it gives is dropped behind the second mark.
fn run(operation: &str, address: &str) -> Result<()> {
    match operation {
        "create" => between_marks(|| Writer::<Pattern256>::create(address, CAPACITY)).map(drop),
        "open" => between_marks(|| Writer::<Pattern256>::open(address)).map(drop),
        "attach" => between_marks(|| Reader::<Pattern256>::open(address)).map(drop),
        "displace" => {
            let options = Options::new().doorbell(true);
            between_marks(|| options.replace_shared::<Pattern256>(address, CAPACITY)).map(drop)
        }
        "replace" => between_marks(|| Writer::<Pattern256>::replace(address, CAPACITY)).map(drop),
        "refresh" => {
            let mut reader = Reader::<Pattern256>::open(address)?;
            shmrecord::remove(address)?;
            drop(Writer::<Pattern256>::create(address, CAPACITY)?);
            between_marks(|| reader.refresh()).map(drop)
        }
        "notify" | "notify-of" | "take" => notify(operation, address),
        "remove" => between_marks(|| shmrecord::remove(address)),
        "write" => write::<Pattern256>(address),
        "write-next" => {
            let mut writer = Writer::<Pattern256>::open(address)?;
            let next = Pattern256::of(0, writer.read_versioned(0)?.version + 1);
            between_marks(|| writer.write(0, &next))
        }
        "batch" => {
            let mut writer = Writer::<Pattern256>::open(address)?;
            let next = |index| Ok(Pattern256::of(index, writer.read_versioned(index)?.version + 1));
            let [first, third] = [next(0)?, next(2)?];
            between_marks(|| writer.batch(|batch| batch.set(0, &first).and_then(|()| batch.set(2, &third))))
        }
        "write-64" => write::<Pattern64>(address),
        "write-padded" => write::<Quote>(address),
        "read" => {
            let reader = Reader::<Pattern256>::open(address)?;
            between_marks(|| reader.read(0)).map(drop)
        }
        "close" => {
            let writer = Writer::<Pattern256>::open(address)?;
            between_marks(|| drop(writer));
            Ok(())
        }
        "detach" => {
            let reader = Reader::<Pattern256>::open(address)?;
            between_marks(|| drop(reader));
            Ok(())
        }
        "send" | "lend" => {
            let (ours, _theirs) = UnixStream::pair().expect("a pair of sockets");
            let share = if operation == "send" { Share::Writer } else { Share::Reader };
            between_marks(|| handover::send(&ours, address, share))
        }
        "receive" => {
            let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
            handover::send(&ours, address, Share::Writer)?;
            between_marks(|| handover::receive(&theirs, Duration::from_secs(1))).map(drop)
        }
        "create-doorbell" => {
            let options = Options::new().doorbell(true);
            between_marks(|| options.create::<Pattern256>(address, CAPACITY)).map(drop)
        }
        "share" => {
            let options = Options::new().doorbell(true);
            between_marks(|| options.create_shared::<Pattern256>(address, CAPACITY)).map(drop)
        }
        "join" => between_marks(|| SharedWriter::<Pattern256>::open(address)).map(drop),
        "wait" => {
            let reader = Reader::<Pattern256>::open(address)?;
            let seen = reader.version(0)?;
            let found = between_marks(|| reader.wait(0, seen, PATIENCE))?;
            assert_eq!(found, None, "nobody writes meanwhile");
            Ok(())
        }
        "wait-for" => {
            let reader = Reader::<Pattern256>::open(address)?;
            let found = between_marks(|| reader.wait(0, 0, LONG_PATIENCE))?;
            assert_eq!(found, Some(1), "it is written meanwhile");
            Ok(())
        }
        "semaphore-create" => between_marks(|| Semaphore::create(address, 1)).map(drop),
        "semaphore-open-or-create" => between_marks(|| Semaphore::open_or_create(address, 1)).map(drop),
        "semaphore-open" => between_marks(|| Semaphore::open(address)).map(drop),
        "semaphore-unlink" => between_marks(|| Semaphore::unlink(address)),
        "semaphore-wait" => {
            let semaphore = Semaphore::open(address)?;
            between_marks(|| semaphore.wait())
        }
        "semaphore-wait-in-vain" => {
            let semaphore = Semaphore::open(address)?;
            semaphore.wait()?;
            between_marks(|| semaphore.wait_timeout(Duration::from_millis(2))).map(drop)?;
            semaphore.post()
        }
        "semaphore-post" => {
            let semaphore = Semaphore::open(address)?;
            between_marks(|| semaphore.post())
        }
        _ => match operation.strip_prefix("share-by-") {
            Some(key) => {
                let options = Options::new().semaphore(number(key), 0);
                between_marks(|| options.create_shared::<Pattern256>(address, CAPACITY)).map(drop)
            }
            None => turn(operation, address),
        },
    }
}

/// What one of many writers does; record 0 becomes its next version.
fn turn(operation: &str, address: &str) -> Result<()> {
    let mut writer = Options::new().timeout(LONG_PATIENCE).open_shared::<Pattern256>(address)?;
    let next = |index| Ok(Pattern256::of(index, writer.read_versioned(index)?.version + 1));
    let [first, third] = [next(0)?, next(2)?];
    match operation {
        "turn" => between_marks(|| writer.write(0, &first)),
        "turns" => between_marks(|| {
            writer.write(0, &first)?;
            writer.write(2, &third)
        }),
        "turn-update" => between_marks(|| writer.update(0, |_| first)).map(drop),
        "turn-batch" => between_marks(|| {
            writer.batch(|batch| {
                batch.set(0, &first)?;
                batch.set(2, &third)
            })
        }),
        "turn-locked" => between_marks(|| {
            let mut turn = writer.lock()?.any();
            turn.write(0, &first)?;
            turn.write(2, &third)
        }),
        "leave" => {
            between_marks(|| drop(writer));
            Ok(())
        }
        _ => panic!("unknown operation: {operation}"),
    }
}

/// Makes a notifier, or takes from one that has something to tell, which is then dropped.
fn notify(operation: &str, address: &str) -> Result<()> {
    let reader = Reader::<Pattern256>::open(address)?;
    match operation {
        "notify" => between_marks(|| reader.notifier()).map(drop),
        "notify-of" => between_marks(|| reader.notifier_of(&[1])).map(drop),
        _ => {
            let notifier = reader.notifier_of(&[0])?;
            Writer::<Pattern256>::open(address)?.write(0, &Pattern256::of(0, 1))?;
            assert!(is_readable(&notifier, Duration::from_secs(60)));
            // Its thread lets go of what the two share.
            thread::sleep(Duration::from_millis(20));
            between_marks(|| notifier.take()).map(drop)
        }
    }
}

/// Record 0 becomes what record 1 is.
fn write<T: ShmRecord>(address: &str) -> Result<()> {
    let mut writer = Writer::<T>::open(address)?;
    let value = writer.read_versioned(1)?.value;
    between_marks(|| writer.write(0, &value))
}

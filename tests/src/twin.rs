//! What the actor answers as the twin of the suites' C programs: the same lines in the same words. Relies on the runtime's
//! public API; `suites/languages/c/actor.c` and `adopt.c` say what the lines mean, of which these are those that the suite
//! `matrix` needs.

use std::io;
use std::thread;
use std::time::Duration;

use shmrecord::handover::{self, Share};
use shmrecord::{Adopted, AdoptedWriter, Error, Options, Reader, Result, Status, Versioned, Writer, remove};

use crate::every::{Every, every, line};
use crate::program::number;
use crate::records::Pattern256;
use crate::said::Said;

pub mod many;

use many::Role;

/// How long a hand-over may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// As `actor.c hold`: tables of ours.
pub fn hold_tables() {
    let (mut writer, mut reader) = (None, None);
    answer_lines(|words| table(words, &mut writer, &mut reader));
}

/// As `adopt.c hold`: tables of other programs.
pub fn hold_adopted() {
    let (mut writer, mut reader) = (None, None);
    answer_lines(|words| adopted(words, &mut writer, &mut reader));
}

/// Number and text of an error.
#[must_use]
pub fn words(error: &Error) -> String {
    format!("{} {error}", error.kind().code())
}

/// Prints the answer to each line of the input, which is its words; every failure as [`words`].
fn answer_lines(mut answer: impl FnMut(&[&str]) -> Result<String>) {
    while let Some(line) = next_line() {
        let parts: Vec<&str> = line.split(' ').collect();
        println!("{}", answer(&parts).unwrap_or_else(|error| words(&error)));
    }
}

/// The next line of the input, of which nobody keeps hold: an answer may read on.
fn next_line() -> Option<String> {
    let mut line = String::new();
    let length = io::stdin().read_line(&mut line).expect("the test sends text");
    (length != 0).then(|| line.trim_end().to_owned())
}

fn table(parts: &[&str], writer: &mut Option<Role>, reader: &mut Option<Reader<Every>>) -> Result<String> {
    let hold = |writer: &mut Option<_>, new| format!("holds {}", writer.insert(Role::One(new)).epoch());
    if let Some(answer) = many::answer(parts, writer, reader) {
        return answer;
    }
    Ok(match *parts {
        ["create", address, capacity] => hold(writer, Writer::create(address, number(capacity))?),
        ["create", address, capacity, cells, "any"] => {
            hold(writer, Options::new().cells(number(cells)).create(address, number(capacity))?)
        }
        ["replace", address, capacity, cells, "any"] => {
            hold(writer, Options::new().cells(number(cells)).replace(address, number(capacity))?)
        }
        ["beat"] => {
            held(writer).beat();
            "beats".into()
        }
        ["age"] => held(reader).age()?.as_nanos().to_string(),
        ["refresh"] => (if held(reader).refresh()? { "moved" } else { "stays" }).into(),
        ["open", address] => hold(writer, Writer::open(address)?),
        ["attach", address] => format!("sees {}", reader.insert(Reader::open(address)?).capacity()),
        ["mistake", address] => format!("sees {}", Reader::<Pattern256>::open(address)?.capacity()),
        ["write", index, value] => {
            held(writer).write(number(index), &every(number(value)))?;
            "written".into()
        }
        ["read", index] => line(held(reader).read_versioned(number(index))?),
        ["status"] => told(held(reader).status()?),
        ["own", "status"] => told(held(writer).status()?),
        ["remove", address] => remove(address).map(|()| "removed".into())?,
        ["receive"] => receive()?,
        ["send", address] => {
            handover::send(&io::stdin(), address, Share::Writer)?;
            "sent".into()
        }
        _ => {
            (*writer, *reader) = (None, None);
            "dropped".into()
        }
    })
}

fn adopted(
    parts: &[&str],
    writer: &mut Option<AdoptedWriter<Every>>,
    reader: &mut Option<Adopted<Every>>,
) -> Result<String> {
    Ok(match *parts {
        ["attach", ref said @ ..] => {
            format!("sees {}", reader.insert(Said::parse(said).adopt().open()?).count())
        }
        ["open", ref said @ ..] => {
            format!("holds {}", writer.insert(Said::parse(said).adopt().open_writer()?).count())
        }
        ["read", index] => {
            let value = held(reader).read(number(index))?;
            // Without the version, which there is none of.
            line(Versioned { version: 0, value }).split_off(1)
        }
        ["write", index, value] => {
            held(writer).write(number(index), &every(number(value)))?;
            "written".into()
        }
        ["update", index, value] => {
            held(writer).update(number(index), |_| every(number(value)))?;
            "updated".into()
        }
        ["hang", index] => {
            held(writer).update(number(index), |_| {
                println!("inside");
                loop {
                    thread::park();
                }
            })?;
            "updated".into()
        }
        ["free", pid] => {
            let dead = Some(number(pid)).filter(|&pid| pid != 0);
            format!("freed {}", u8::from(held(writer).free_guard(dead)?))
        }
        ["receive"] => receive()?,
        _ => {
            (*writer, *reader) = (None, None);
            "dropped".into()
        }
    })
}

/// Takes a memfd that comes over the input.
fn receive() -> Result<String> {
    println!("receiving");
    handover::receive(&io::stdin(), PATIENCE).map(|address| format!("received {address}"))
}

fn told(status: Status) -> String {
    (status as u32).to_string()
}

fn held<T>(handle: &mut Option<T>) -> &mut T {
    handle.as_mut().expect("a handle is open")
}

//! What the twin answers as one of many writers, and as one who waits: as `suites/languages/c/many.h`, which says what the
//! lines mean. Relies on the runtime's public API; who has the lock reads its lines here until it gives it away.

use std::time::Duration;

use shmrecord::{Locked, Options, Reader, Result, SharedWriter, Status, Turn, Writer};

use super::{held, next_line, words};
use crate::every::{Every, counted, every};
use crate::program::number;

/// Who may write: alone, or beside others.
pub(super) enum Role {
    One(Writer<Every>),
    Many(SharedWriter<Every>),
}

impl Role {
    pub(super) fn epoch(&self) -> u64 {
        match self {
            Self::One(writer) => writer.epoch(),
            Self::Many(writer) => writer.epoch(),
        }
    }

    pub(super) fn write(&mut self, index: usize, value: &Every) -> Result<()> {
        match self {
            Self::One(writer) => writer.write(index, value),
            Self::Many(writer) => writer.write(index, value),
        }
    }

    pub(super) fn beat(&mut self) {
        match self {
            Self::One(writer) => writer.beat(),
            Self::Many(writer) => writer.beat(),
        }
    }

    pub(super) fn status(&self) -> Result<Status> {
        match self {
            Self::One(writer) => writer.status(),
            Self::Many(writer) => writer.status(),
        }
    }

    fn shared(&mut self) -> &mut SharedWriter<Every> {
        match self {
            Self::Many(writer) => writer,
            Self::One(_) => panic!("a writer of many is held"),
        }
    }
}

/// What these letters choose, as `many_options` of the twin.
#[must_use]
pub fn options(letters: &str, key: u32, index: u16) -> Options {
    let has = |letter| letters.contains(letter);
    let options = Options::new().doorbell(has('d')).stamps(has('t')).exclusive(has('x'));
    let timeout = match (has('q'), has('s')) {
        (true, _) => 50,
        (_, true) => 2000,
        _ => 60_000,
    };
    let options = options.timeout(Duration::from_millis(timeout));
    let options = match letters.matches(|letter| "1248".contains(letter)).next() {
        Some(cells) => options.cells(number(cells)),
        None => options,
    };
    if key == 0 { options } else { options.semaphore(key, index) }
}

/// The answer, if the line is one of these.
pub(super) fn answer(
    parts: &[&str],
    role: &mut Option<Role>,
    reader: &mut Option<Reader<Every>>,
) -> Option<Result<String>> {
    Some(match *parts {
        ["lone", address, capacity, letters, key, index] => {
            let options = options(letters, number(key), number(index));
            options.create(address, number(capacity)).map(|new| hold(role, Role::One(new)))
        }
        ["share", address, capacity, letters, key, index] => {
            let options = options(letters, number(key), number(index));
            options.create_shared(address, number(capacity)).map(|new| hold(role, Role::Many(new)))
        }
        ["replace", address, capacity, letters, key, index] => {
            let options = options(letters, number(key), number(index));
            options.replace_shared(address, number(capacity)).map(|new| hold(role, Role::Many(new)))
        }
        ["join", address, letters] => {
            options(letters, 0, 0).open_shared(address).map(|new| hold(role, Role::Many(new)))
        }
        ["lock"] => held(role).shared().lock().and_then(Turn::whole).map(have_the_turn),
        ["lock", "after", "death"] => held(role).shared().lock().map(Turn::any).map(have_the_turn),
        ["update", index, times] => update(held(role).shared(), number(index), number(times)),
        ["batch", ref indices @ ..] => held(role)
            .shared()
            .batch(|batch| indices.iter().try_for_each(|index| batch.set(number(index), &every(7))))
            .map(|()| "published".into()),
        ["wait", "any", timeout, first, first_seen, second, second_seen] => {
            let seen = [(number(first), number(first_seen)), (number(second), number(second_seen))];
            let which = held(reader).wait_any(&seen, milliseconds(timeout));
            which.map(|which| format!("which {}", which.unwrap_or(seen.len())))
        }
        ["wait", "all", since, timeout] => {
            let since = number(since);
            let changes = held(reader).wait_table(since, milliseconds(timeout));
            changes.map(|changes| format!("changes {}", changes.unwrap_or(since)))
        }
        ["wait", index, since, timeout] => {
            let since = number(since);
            let version = held(reader).wait(number(index), since, milliseconds(timeout));
            version.map(|version| format!("version {}", version.unwrap_or(since)))
        }
        ["changes"] => held(reader).changes().map(|changes| format!("changes {changes}")),
        _ => return None,
    })
}

fn hold(role: &mut Option<Role>, new: Role) -> String {
    format!("holds {}", role.insert(new).epoch())
}

fn update(writer: &mut SharedWriter<Every>, index: usize, times: u64) -> Result<String> {
    (0..times).try_for_each(|_| writer.update(index, counted).map(drop))?;
    Ok("updated".into())
}

/// Answers lines until `unlock`, or the end of the input.
fn have_the_turn(mut turn: Locked<'_, Every>) -> String {
    println!("locked");
    while let Some(line) = next_line() {
        let parts: Vec<&str> = line.split(' ').collect();
        let answer = match *parts {
            ["write", index, value] => turn.write(number(index), &every(number(value))).map(|()| "written"),
            ["clear", "death"] => {
                turn.clear_death();
                Ok("cleared")
            }
            _ => break,
        };
        println!("{}", answer.map_or_else(|error| words(&error), str::to_owned));
    }
    "unlocked".into()
}

fn milliseconds(text: &str) -> Duration {
    Duration::from_millis(number(text))
}

//! The environment variable that a child finds its memfds by, as any parent may have left it: which descriptors the child
//! takes in, and under which names, is the same in both languages. Each input is a process for Rust, which reads it once.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::process::Command;

use integration_tests::memfd::{VARIABLE, variable};
use integration_tests::place::{Backend, Place};
use integration_tests::process::Actor;
use integration_tests::records::{Quote, quote};
use shmrecord::Writer;
use shmrecord::handover::{self, Share};

use crate::mutator::{EDGES, change_length};
use crate::random::Random;
use crate::run;
use crate::twin::{self, Twin};

/// The program that the shell becomes.
const PROGRAM: &str = "SHMRECORD_FUZZ_PROGRAM";

#[test]
fn hostile_variables_lead_to_nothing_else() {
    run::inputs("inheritance::hostile_variables_lead_to_nothing_else", 400, twin::program, |program| {
        let mut family = Family::new(program);
        move |random| {
            let text = hostile(random, &family.text);
            family.check(&text);
        }
    });
}

/// Tables of this process, and what its children are given of them.
pub(crate) struct Family {
    places: Vec<Place>,
    command: Command,
    /// What the variable says when nobody changes it.
    pub(crate) text: String,
    descriptors: Vec<i32>,
    twin: Option<Twin>,
}

impl Family {
    pub(crate) fn new(program: &str) -> Self {
        let mut command = Command::new("sh");
        // The sanitizers reserve far more addresses than they use.
        command.args(["-c", &format!("ulimit -S -v unlimited && exec \"${PROGRAM}\" hold")]);
        let places: Vec<Place> = (0..3).map(|_| Place::new(Backend::Memfd)).collect();
        for (place, share) in places.iter().zip([Share::Writer, Share::Reader, Share::Writer]) {
            let number = places.iter().position(|other| other.address() == place.address()).expect("itself");
            let mut writer = Writer::<Quote>::create(place.address(), 1).expect("a new memfd");
            writer.write(0, &quote(i32::try_from(number).expect("a small number"))).expect("room for one");
            handover::inherit(&mut command, place.address(), share).expect("an own memfd");
        }
        let text = variable(&command);
        let shares = text.split('/').filter_map(|entry| entry.split_once('='));
        let words = shares.flat_map(|(descriptors, _)| descriptors.split(','));
        let numbers = words.map(|words| words.split(':').next().and_then(|number| number.parse().ok()));
        let descriptors = numbers.collect::<Option<Vec<i32>>>().expect("numbers");
        let mut family = Self { places, command, text, descriptors, twin: None };
        if !program.is_empty() {
            family.command.env(PROGRAM, program).env_remove(VARIABLE);
            family.twin = Some(Twin::spawn(&mut family.command));
            family.command.env(PROGRAM, env!("CARGO_BIN_EXE_actor"));
        }
        family
    }

    /// What children in both languages make of this text.
    pub(crate) fn check(&mut self, text: &[u8]) {
        let rust = self.child(text);
        let names: Vec<&str> = self.places.iter().map(|place| &place.address()["memfd:".len()..]).collect();
        let Some(twin) = &mut self.twin else { return };
        let words = self.descriptors.iter().fold(String::new(), |words, fd| format!("{words} {fd}"));
        // The text ends in NUL, as everywhere in an environment.
        twin.say(&format!("inherit{words} {}", names.join(" ")), &[text, b"\0"].concat());
        let c = twin.answer();
        assert_eq!(c, rust, "C, then Rust, of {}", String::from_utf8_lossy(text));
    }

    /// A Rust process: which descriptors it has kept, taken in or closed, and which table is under each name.
    fn child(&mut self, text: &[u8]) -> String {
        self.command.env(VARIABLE, OsString::from_vec(text.to_vec()));
        let mut actor = Actor::spawn(&mut self.command);
        let volume = |answer: String| answer.strip_prefix("1 ").map_or_else(|| "-".to_owned(), str::to_owned);
        let tables: Vec<String> = self
            .places
            .iter()
            .map(|place| volume(actor.ask(&format!("read {} 0", place.address()))))
            .collect();
        let mut said = String::new();
        for descriptor in &self.descriptors {
            let facts = fs::read_to_string(format!("/proc/{}/fdinfo/{descriptor}", actor.pid()));
            let state = match facts {
                Ok(facts) if closes_at_exec(&facts) => "taken",
                Ok(_) => "kept",
                Err(_) => "closed",
            };
            let _ = write!(said, "{state} ");
        }
        said + &tables.join(" ")
    }
}

/// Whether the flags of a descriptor, octal in its `fdinfo`, have `O_CLOEXEC`.
fn closes_at_exec(facts: &str) -> bool {
    let flags = facts.lines().find_map(|line| line.strip_prefix("flags:")).expect("the kernel's form");
    i32::from_str_radix(flags.trim(), 8).expect("octal") & libc::O_CLOEXEC != 0
}

fn hostile(random: &mut Random, text: &str) -> Vec<u8> {
    let mut words: Vec<String> = text.split_inclusive([':', ',', '=', '/']).map(str::to_owned).collect();
    for _ in 0..random.below(4) {
        let at = random.below(words.len());
        let from = random.below(words.len());
        match random.below(6) {
            0 => words[at] = words[from].clone(),
            1 => words.insert(at, words[from].clone()),
            2 => drop(words.remove(at)),
            3 => words[at].insert_str(0, ["+", "-", "0", " ", "00000000000000000000", "0x"][random.below(6)]),
            4 => {
                let end = words[at].chars().last().filter(|end| end.is_ascii_punctuation());
                words[at] = EDGES[random.below(EDGES.len())].to_string();
                words[at].extend(end);
            }
            _ => words.swap(at, from),
        }
        if words.is_empty() {
            return Vec::new();
        }
    }
    let mut bytes = words.concat().into_bytes();
    if random.below(4) == 0 {
        change_length(random, &mut bytes);
    }
    bytes.retain(|&byte| byte != 0); // no environment holds one
    bytes
}

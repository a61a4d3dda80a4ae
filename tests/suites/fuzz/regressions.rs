//! Inputs by which the languages once differed, or harmed somebody: by name, so that they are tried each time.

use integration_tests::alone::Alone;
use shmrecord_layout::describe;

use crate::descriptions::{self, deep};
use crate::inheritance::Family;
use crate::twin::{self, Twin};

/// Runs this in a process of its own that knows the C program.
fn with_twin(test: &str, body: impl FnOnce(&str)) {
    Alone::new(test).run_after(|| (twin::program(), ()), body);
}

#[test]
fn a_number_in_the_variable_has_digits_alone() {
    with_twin("regressions::a_number_in_the_variable_has_digits_alone", |program| {
        let mut family = Family::new(program);
        for sign in ["+", "-", " "] {
            for behind in ["/", ":", ","] {
                let text = family.text.replace(behind, &format!("{behind}{sign}"));
                family.check(format!("{sign}{text}").as_bytes());
            }
        }
    });
}

#[test]
fn an_unknown_device_in_the_variable_is_not_every_device() {
    with_twin("regressions::an_unknown_device_in_the_variable_is_not_every_device", |program| {
        let mut family = Family::new(program);
        let words: Vec<String> = family.text.split(':').map(str::to_owned).collect();
        for at in (1..words.len()).step_by(2) {
            let mut words = words.clone();
            words[at] = "0".to_owned();
            family.check(words.join(":").as_bytes());
        }
    });
}

#[test]
fn an_entry_that_is_no_text_does_not_take_the_others_away() {
    with_twin("regressions::an_entry_that_is_no_text_does_not_take_the_others_away", |program| {
        let mut family = Family::new(program);
        for noise in [&b"\xff/"[..], b"3:1:1=\xc0\x80/", b"\xed\xa0\x80/"] {
            let text = [noise, family.text.as_bytes()].concat();
            family.check(&text);
            let text = family.text.replacen("shmrecord", "\u{fffd}", 1);
            let text = text.as_bytes().split(|&byte| byte >= 0x80).collect::<Vec<_>>().join(&b"\xff"[..]);
            family.check(&text);
        }
    });
}

#[test]
fn a_name_that_is_too_long_is_none() {
    with_twin("regressions::a_name_that_is_too_long_is_none", |program| {
        let mut family = Family::new(program);
        for length in [249, 250, 255, 256, 4000] {
            let text = family.text.clone();
            let (start, name) = text.rsplit_once('=').expect("a name");
            family.check(format!("{start}={}", "n".repeat(length)).as_bytes());
            family.check(format!("{start}={}/{start}={name}", "n".repeat(length)).as_bytes());
        }
    });
}

#[test]
fn a_name_is_looked_at_before_the_depth() {
    with_twin("regressions::a_name_is_looked_at_before_the_depth", |program| {
        let mut twin = Twin::start(program);
        let (mut bytes, ours) = (deep(33), deep(32));
        descriptions::check(&bytes, &ours, twin.as_mut());
        // The name of the outermost record, which is the last.
        let place = 64 + 64 * 32;
        bytes[place..place + 4].fill(0xff);
        descriptions::check(&bytes, &ours, twin.as_mut());
        assert_eq!(
            describe::decode(&bytes).expect_err("two faults").what,
            "a string passes the end of the pool"
        );
    });
}

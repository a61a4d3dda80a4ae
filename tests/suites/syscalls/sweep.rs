//! Each operation with each fault at each of its system calls, and what holds of every answer. Relies on `run` and `calls`;
//! what must be there afterwards, its callers know.

use std::collections::BTreeSet;
use std::path::Path;
use std::thread;

use integration_tests::tracer::Call;

use crate::calls::{failures, gives_back, known};
use crate::run::{Answer, Fault, Run, run};

/// An operation that is tried with every fault.
pub(crate) trait Subject {
    /// What a run needs and leaves: an address of its own.
    type Place;

    /// Prepares what is there before the operation.
    fn prepare(&self) -> Self::Place;
    /// Its address.
    fn address<'a>(&self, place: &'a Self::Place) -> &'a str;
    /// Another address of its own, if there is one.
    fn other<'a>(&self, _: &'a Self::Place) -> Option<&'a str> {
        None
    }
    /// What the program calls the operation.
    fn word<'a>(&'a self, place: &'a Self::Place) -> &'a str;
    /// How many descriptors more than before its process may have then: memfds that it holds. `at` as in `check`.
    fn held(&self, _end: End, _at: Option<&Call>) -> &'static [i32] {
        &[0]
    }
    /// Whether what the operation did not let go of at this call is held until its process ends.
    fn keeps_until_end(&self, _at: &Call) -> bool {
        false
    }
    /// Whether what is there afterwards is as it should be, and can be used. `at` is the call with the
    /// fault; `turn` counts.
    fn check(&self, place: &Self::Place, end: End, at: Option<&Call>, turn: usize) -> Result<(), String>;
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Success,
    /// With an error.
    Failure,
    Killed,
}

/// What came of the sweeps of a test.
#[derive(Default)]
pub(crate) struct Report {
    /// What went wrong.
    troubles: Vec<String>,
    /// What operations said of faults, without what is different in every run.
    said: BTreeSet<String>,
}

impl Report {
    /// Fails with everything that went wrong.
    pub(crate) fn check(&self) {
        assert!(self.troubles.is_empty(), "{}\n{} in all", self.troubles.join("\n"), self.troubles.len());
    }
}

/// Tries an operation with faults: by this program, under this name.
pub(crate) type Sweep<S> = fn(&Path, &str, &S, &mut Report);

/// Lets each of these programs do its sweeps, at once.
pub(crate) fn in_each(programs: &[&'static Path], sweeps: impl Fn(&Path, &mut Report) + Sync) -> Vec<Report> {
    let run = |program| {
        let mut report = Report::default();
        sweeps(program, &mut report);
        report
    };
    let reports: Vec<_> = thread::scope(|scope| {
        let started: Vec<_> = programs.iter().map(|&program| scope.spawn(move || run(program))).collect();
        started.into_iter().map(|sweep| sweep.join().expect("a sweep does not panic")).collect()
    });
    reports.iter().for_each(Report::check);
    reports
}

/// What was said in Rust was said in C.
pub(crate) fn check_same(reports: &[Report]) {
    if let [rust, c] = reports {
        let lines = rust.said.symmetric_difference(&c.said).map(|line| format!("{line}\n"));
        assert!(rust.said == c.said, "different in Rust and C:\n{}", lines.collect::<String>());
    }
}

/// Tries it with every errno at every system call.
pub(crate) fn every_failure<S: Subject>(program: &Path, name: &str, subject: &S, report: &mut Report) {
    sweep(program, name, subject, report, failures);
}

/// Kills it before and after every system call.
pub(crate) fn every_kill<S: Subject>(program: &Path, name: &str, subject: &S, report: &mut Report) {
    sweep(program, name, subject, report, |_| vec![Fault::KilledBefore, Fault::KilledAfter]);
}

fn sweep<S: Subject>(
    program: &Path,
    name: &str,
    subject: &S,
    report: &mut Report,
    faults: impl Fn(&Call) -> Vec<Fault>,
) {
    let place = subject.prepare();
    let usual = match once(program, subject, &place, None, 0) {
        Ok(run) if run.calls.is_empty() => Err("no system call was seen".to_owned()),
        result => result,
    };
    let usual = match usual {
        Ok(usual) => usual,
        Err(trouble) => return report.troubles.push(format!("{name}, without a fault: {trouble}")),
    };
    let mut turn = 0;
    for (at, call) in usual.calls.iter().enumerate() {
        for fault in faults(call) {
            turn += 1;
            let place = subject.prepare();
            let usual = usual.error.as_ref().map(|&(code, errno, _)| (code, errno));
            let injected = Injected { at, call, fault, usual };
            match once(program, subject, &place, Some(&injected), turn) {
                Ok(Fine { error: Some((code, errno, text)), .. }) if usual != Some((code, errno)) => {
                    let addresses = [Some(subject.address(&place)), subject.other(&place)];
                    let text = addresses.into_iter().flatten().fold(text, |text, address| {
                        text.replace(address.split_once(':').map_or(address, |(_, name)| name), "…")
                    });
                    report.said.insert(format!("{name}, {fault:?}: {code} {errno} {text}"));
                }
                Ok(_) => {}
                Err(trouble) => {
                    let trouble = format!("{name}, call {at} ({}), {fault:?}: {trouble}", call.number);
                    report.troubles.push(trouble);
                }
            }
        }
    }
    println!("{name}: {} calls, {turn} faults", usual.calls.len());
}

/// A fault at a system call of a run.
struct Injected<'a> {
    at: usize,
    call: &'a Call,
    fault: Fault,
    /// The error of the operation without a fault: its code and errno.
    usual: Option<(u32, i32)>,
}

/// A run that was as it should be.
struct Fine {
    calls: Vec<Call>,
    error: Option<(u32, i32, String)>,
}

/// One run and its checks.
fn once<S: Subject>(
    program: &Path,
    subject: &S,
    place: &S::Place,
    injected: Option<&Injected<'_>>,
    turn: usize,
) -> Result<Fine, String> {
    let fault = injected.map(|injected| (injected.at, injected.fault));
    let Run { calls, answer } = run(program, subject.word(place), subject.address(place), fault)?;
    if injected.is_some_and(|it| calls.get(it.at).is_none_or(|call| call.number != it.call.number)) {
        return Err("the system calls are not those of the run before".to_owned());
    }
    let error = answer.as_ref().and_then(|answer| answer.error.as_ref());
    let end = match (&answer, error) {
        (None, _) => End::Killed,
        (Some(_), None) => End::Success,
        (Some(_), Some(_)) => End::Failure,
    };
    let said =
        error.map_or_else(|| "success".to_owned(), |(code, errno, text)| format!("{code} {errno} {text}"));
    if let Some(answer) = &answer {
        let held = subject.held(end, injected.map(|injected| injected.call));
        check_answer(answer, held, injected).map_err(|trouble| format!("{trouble}; it says {said}"))?;
    }
    let error = error.cloned();
    let call = injected.map(|injected| injected.call);
    let check =
        || subject.check(place, end, call, turn).map_err(|trouble| format!("{trouble}; it says {said}"));
    let finish = || answer.map_or(Ok(()), Answer::finish);
    if call.is_some_and(|call| subject.keeps_until_end(call)) {
        // What could not be let go of is held until the process ends.
        finish()?;
        check()?;
    } else {
        // While the process lives, so that whatever it did not give back is missed.
        check()?;
        finish()?;
    }
    Ok(Fine { calls, error })
}

/// Nothing is left, signals go unnoticed, and an error says which call failed, and how.
fn check_answer(answer: &Answer, held: &[i32], injected: Option<&Injected<'_>>) -> Result<(), String> {
    let keeps = injected.is_some_and(|injected| gives_back(injected.call));
    let is_left = |held: &i32| answer.left == format!("left {held} 0");
    if !held.iter().any(is_left) && !keeps {
        return Err(format!("descriptors and mappings: {}", answer.left));
    }
    let (Some(injected), Some((code, found, text))) = (injected, &answer.error) else {
        return Ok(());
    };
    if injected.usual == Some((*code, *found)) {
        return Ok(());
    }
    let (Fault::Fails(errno) | Fault::FailsAfter(errno)) = injected.fault else {
        return Err("the killed do not speak".to_owned());
    };
    if errno == libc::EINTR {
        return Err("a signal shows".to_owned());
    }
    let Some(known) = known(injected.call) else { return Err("of a call that cannot fail".to_owned()) };
    let says = |words: &[&str]| words.iter().any(|words| text.contains(words));
    if (*found == errno && says(known.names)) || says(known.meanings) {
        return Ok(());
    }
    Err(format!("expected is one of {:?} and errno {errno}", known.names))
}

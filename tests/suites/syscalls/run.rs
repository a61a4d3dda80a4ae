//! One run of a program that does one operation, with one fault. Relies on `tracer`, and on the hand-over for memfds; knows
//! neither tables nor semaphores.

use std::path::Path;
use std::process::Command;

use integration_tests::tracer::{Call, Stop, Traced, Until};
use shmrecord::handover::{self, Share};

/// What happens to a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It does not happen and says this errno.
    Fails(i32),
    /// It happens and says this errno.
    FailsAfter(i32),
    /// The process is killed before it happens.
    KilledBefore,
    /// The process is killed after it happened, before it learns of it.
    KilledAfter,
}

/// What came of a run.
#[derive(Debug)]
pub(crate) struct Run {
    /// The system calls between the marks, as far as it came.
    pub(crate) calls: Vec<Call>,
    /// What the program says, which goes on until this is finished; `None`: it was killed.
    pub(crate) answer: Option<Answer>,
}

/// What a program says of its operation.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The error's code, errno and text; `None`: it succeeded.
    pub(crate) error: Option<(u32, i32, String)>,
    /// Descriptors and mappings that are more than before.
    pub(crate) left: String,
    process: Traced,
}

impl Answer {
    /// Ends the process, which must end well.
    pub(crate) fn finish(self) -> Result<(), String> {
        let status = self.process.finish();
        if status.success() { Ok(()) } else { Err(format!("ended with {status}")) }
    }
}

/// Runs the program for this operation; the fault happens to the system call of this number.
pub(crate) fn run(
    program: &Path,
    operation: &str,
    address: &str,
    fault: Option<(usize, Fault)>,
) -> Result<Run, String> {
    let mut command = Command::new(program);
    if address.starts_with("memfd:") {
        // What this process does not hold, the program does not either.
        let _ = handover::inherit(&mut command, address, Share::Writer);
    }
    let mut process = Traced::start(command.args([operation, address])).map_err(|error| error.to_string())?;
    match process.go_on(Until::Mark) {
        Stop::Mark => {}
        other => return Err(format!("before its operation: {other:?}")),
    }
    let mut calls = Vec::new();
    loop {
        let stop = process.go_on(Until::Call);
        if let Stop::Begin(call) = stop {
            calls.push(call);
        }
        let fault = fault.filter(|(at, _)| at + 1 == calls.len()).map(|(_, fault)| fault);
        match (stop, fault) {
            (Stop::Mark, _) => break,
            (Stop::Over(status), _) => return Err(format!("ended with {status} in its operation")),
            (Stop::Begin(_), Some(Fault::KilledBefore)) | (Stop::End, Some(Fault::KilledAfter)) => {
                process.kill();
                return Ok(Run { calls, answer: None });
            }
            (Stop::Begin(_), Some(Fault::Fails(errno))) | (Stop::End, Some(Fault::FailsAfter(errno))) => {
                process.fail(errno);
            }
            _ => {}
        }
    }
    // The mark itself: raise(3) makes these.
    let of_mark = [libc::SYS_getpid, libc::SYS_gettid, libc::SYS_rt_sigprocmask, libc::SYS_tgkill];
    while calls.last().is_some_and(|call| of_mark.contains(&call.number)) {
        calls.pop();
    }
    process.release();
    let (said, left) = (process.line(), process.line());
    let error = match said.as_str() {
        "ok" => None,
        other => Some(parse(other).ok_or_else(|| format!("it says `{said}`"))?),
    };
    Ok(Run { calls, answer: Some(Answer { error, left, process }) })
}

/// `CODE ERRNO TEXT`
fn parse(line: &str) -> Option<(u32, i32, String)> {
    let mut words = line.splitn(3, ' ');
    Some((words.next()?.parse().ok()?, words.next()?.parse().ok()?, words.next()?.to_owned()))
}

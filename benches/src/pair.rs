//! Processes that measure. The program itself never opens what it measures: every trial is forked before it has any thread or
//! handle, runs on its core, and sends its figures back as bytes. Who hangs is killed, by its number, and named. Relies on
//! `line` and `pin`; knows no contestant.

use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use crate::line::Line;
use crate::miss::{Miss, Outcome, decoded, encoded};
use crate::pin;

/// What one of the processes does, and where; without a core wherever the kernel likes.
pub(crate) struct Side<'a> {
    pub(crate) core: Option<usize>,
    pub(crate) work: &'a dyn Fn(&Line) -> Outcome,
}

/// One of them, seen from its parent.
struct Child {
    pid: libc::pid_t,
    figures: io::PipeReader,
    said: Vec<u8>,
    is_open: bool,
}

/// The figures of two processes on two cores, and before them what a cache line takes there and back.
pub(crate) fn pair(
    patience: Duration,
    first: impl Fn(&Line) -> Outcome,
    second: impl Fn(&Line) -> Outcome,
) -> Outcome<(f64, [Vec<f64>; 2])> {
    let Some(cores) = pin::two() else { return Miss::limit("two sides want two cores") };
    let with_probe = |line: &Line, is_first, work: &dyn Fn(&Line) -> Outcome| {
        let probe = line.probe(is_first);
        let mut figures = work(line)?;
        figures.push(probe);
        Ok(figures)
    };
    let works: [&dyn Fn(&Line) -> Outcome; 2] =
        [&|line| with_probe(line, true, &first), &|line| with_probe(line, false, &second)];
    let sides = [0, 1].map(|side| Side { core: Some(cores[side]), work: works[side] });
    let mut figures = apart(patience, &sides)?;
    let (mut second, mut first) = (figures.pop().unwrap_or_default(), figures.pop().unwrap_or_default());
    let probe = first.pop().unwrap_or_default();
    second.pop();
    Ok((probe, [first, second]))
}

/// The figures of one process on the first core.
pub(crate) fn alone(patience: Duration, work: impl Fn() -> Outcome) -> Outcome {
    let core = pin::allowed().first().copied();
    apart(patience, &[Side { core, work: &|_| work() }]).map(|mut figures| figures.pop().unwrap_or_default())
}

/// Runs every side in a process of its own, until all have said what they found, one fails, or patience ends.
pub(crate) fn apart(patience: Duration, sides: &[Side<'_>]) -> Outcome<Vec<Vec<f64>>> {
    let line = Line::new(sides.len())?;
    let mut children = Vec::new();
    let mut started = Ok(());
    for side in sides {
        match start(&line, side) {
            Ok(child) => children.push(child),
            Err(error) => started = Err(Miss::from(error)),
        }
    }
    let heard = started.and_then(|()| hear(&mut children, Instant::now() + patience));
    for child in &children {
        // SAFETY: a child that nobody has waited for yet, so that its number is no other's.
        unsafe { libc::kill(child.pid, libc::SIGKILL) };
        // SAFETY: as before; its status is not asked for.
        unsafe { libc::waitpid(child.pid, std::ptr::null_mut(), 0) };
    }
    heard?;
    children.iter().map(|child| decoded(&child.said)).collect()
}

/// Lets this process go on when its parent ends, by Ctrl-C too: it has something to remove, and its sides end in their time.
pub(crate) fn outlive() {
    // SAFETY: numbers only.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, 0) };
    // SAFETY: as before: a group of its own, which no terminal signals.
    unsafe { libc::setpgid(0, 0) };
}

fn start(line: &Line, side: &Side<'_>) -> io::Result<Child> {
    let (figures, mut voice) = io::pipe()?;
    // SAFETY: this process has one thread, so that the child may go on as it would; of those that tests have, the child needs
    // nothing but the allocator, which is whole in it.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            // SAFETY: numbers only. Without who started it a side has nobody to tell.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
            let run = || {
                side.core.map_or(Ok(()), pin::to)?;
                (side.work)(line)
            };
            // A child must not go on with its parent's work.
            let outcome = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
                let words = panic.downcast_ref::<String>().map(String::as_str);
                let words = words.or(panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked");
                Err(Miss::Failed(words.to_owned()))
            });
            let said = voice.write_all(&encoded(&outcome));
            // SAFETY: ends this process; what its parent has is left alone.
            unsafe { libc::_exit(said.is_err().into()) }
        }
        pid => Ok(Child { pid, figures, said: Vec::new(), is_open: true }),
    }
}

/// Waits until all have spoken.
fn hear(children: &mut [Child], deadline: Instant) -> Outcome<()> {
    while children.iter().any(|child| child.is_open) {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let open = children.iter().filter(|child| child.is_open).count();
            return Err(Miss::Failed(format!("{open} of {} sides hang", children.len())));
        }
        let mut polled: Vec<libc::pollfd> = children
            .iter()
            .map(|child| if child.is_open { child.figures.as_raw_fd() } else { -1 })
            .map(|fd| libc::pollfd { fd, events: libc::POLLIN, revents: 0 })
            .collect();
        let milliseconds = left.as_millis().min(1000) as libc::c_int;
        // SAFETY: so many of them, which live across the call.
        unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, milliseconds) };
        for (child, polled) in children.iter_mut().zip(polled) {
            if polled.revents != 0 {
                let mut piece = [0; 4096];
                let bytes = child.figures.read(&mut piece)?;
                child.said.extend_from_slice(&piece[..bytes]);
                child.is_open = bytes != 0;
                if !child.is_open {
                    // The others may wait for it for ever.
                    decoded(&child.said)?;
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    #[test]
    fn figures_come_back_from_both_sides() {
        let sides = [1.5, 2.5].map(|figure| move |_: &Line| Ok(vec![figure]));
        let sides = sides.each_ref().map(|work| Side { core: None, work });
        assert_eq!(apart(PATIENCE, &sides).unwrap(), [[1.5], [2.5]]);
    }

    #[test]
    fn who_fails_is_heard_though_the_other_waits_for_it() {
        let fails = |_: &Line| Miss::limit("no");
        let waits = |line: &Line| {
            Ok(vec![f64::from(u8::from({
                line.meet();
                true
            }))])
        };
        let sides = [Side { core: None, work: &waits }, Side { core: None, work: &fails }];
        assert!(matches!(apart(PATIENCE, &sides), Err(Miss::Limit(words)) if words == "no"));
    }

    #[test]
    fn who_hangs_is_killed_and_who_dies_is_missed() {
        let hangs = |line: &Line| {
            line.meet();
            line.meet();
            Ok(vec![])
        };
        let short = Duration::from_millis(50);
        let sides = [
            Side { core: None, work: &hangs },
            Side {
                core: None,
                work: &|line| {
                    line.meet();
                    Ok(vec![])
                },
            },
        ];
        assert!(matches!(apart(short, &sides), Err(Miss::Failed(words)) if words.contains("1 of 2")));
        // SAFETY: ends the child that runs it.
        let dies = |_: &Line| unsafe { libc::_exit(0) };
        assert!(matches!(apart(PATIENCE, &[Side { core: None, work: &dies }]), Err(Miss::Failed(_))));
        let panics = |_: &Line| -> Outcome { panic!("for a reason") };
        assert!(
            matches!(apart(PATIENCE, &[Side { core: None, work: &panics }]), Err(Miss::Failed(words)) if words == "for a reason")
        );
    }
}

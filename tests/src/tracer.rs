//! A process under trace: stopped at marks that it makes itself, behind each of its instructions, or at each of its system
//! calls, which can then fail, or be its last. Relies on `ptrace(2)`, `/proc` and the registers of x86-64; knows no segment and
//! no test.
//!
//! The process makes a mark with `raise(SIGTRAP)`: the signal stops it and never reaches it. It is traced by the thread that
//! started it, and is killed when its tracer ends.

#![expect(unsafe_code, reason = "ptrace and waitpid, which std does not offer")]

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::mem::{MaybeUninit, size_of};
use std::os::unix::fs::FileExt;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::ptr;

use crate::check;

/// A process that is stopped, until it is released.
#[derive(Debug)]
pub struct Traced {
    child: Child,
    output: BufReader<ChildStdout>,
    is_over: bool,
}

/// How far a process goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// To its next mark: `PTRACE_CONT`.
    Mark,
    /// To where a system call begins or ends: `PTRACE_SYSCALL`.
    Call,
    /// By one instruction, which may be a whole system call: `PTRACE_SINGLESTEP`.
    Instruction,
}

/// A system call with its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// `SYS_…`
    pub number: i64,
    /// Six, whether it has them or not.
    pub arguments: [u64; 6],
}

/// Where a process stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It made a mark.
    Mark,
    /// A system call is about to happen.
    Begin(Call),
    /// The system call has happened, and the process is about to learn its result.
    End,
    /// One instruction is done.
    Instruction,
    /// It is no more.
    Over(ExitStatus),
}

/// Whether processes may be traced here; says so when not.
#[must_use]
pub fn is_permitted() -> bool {
    let started = Traced::start(&mut Command::new("true"));
    let refused = started.err().filter(|error| error.kind() == io::ErrorKind::PermissionDenied);
    if refused.is_some() {
        check::skip("`ptrace` is not permitted");
    }
    refused.is_none()
}

impl Traced {
    /// Starts a program, whose input and output become pipes, and stops it at its first instruction.
    ///
    /// # Errors
    /// Where tracing is forbidden, `PermissionDenied`.
    ///
    /// # Panics
    /// When the program does not start.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        // Whatever forbids it, a filter of system calls too, is told as what it means.
        let trace_me = || match request(libc::PTRACE_TRACEME, 0, ptr::null_mut(), ptr::null_mut()) {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::from_raw_os_error(libc::EPERM)),
        };
        // SAFETY: between fork and exec the closure makes one system call; on failure it makes an error without allocating.
        let command = unsafe { command.pre_exec(trace_me) };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let output = BufReader::new(child.stdout.take().expect("its output is a pipe"));
        let mut traced = Self { child, output, is_over: false };
        let status = traced.wait();
        assert_eq!(status.stopped_signal(), Some(libc::SIGTRAP), "a program that starts: {status}");
        let options = number(libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL);
        traced.request(libc::PTRACE_SETOPTIONS, options)?;
        Ok(traced)
    }

    /// Lets it go on until then, or until it ends. Signals reach it as if nobody looked on, but for marks.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn go_on(&mut self, until: Until) -> Stop {
        let how = match until {
            Until::Mark => libc::PTRACE_CONT,
            Until::Call => libc::PTRACE_SYSCALL,
            Until::Instruction => libc::PTRACE_SINGLESTEP,
        };
        let mut signal = 0;
        loop {
            self.request(how, number(signal)).expect("a stopped process goes on");
            let status = self.wait();
            match status.stopped_signal() {
                None => return Stop::Over(status),
                Some(libc::SIGTRAP) if until == Until::Instruction && !self.is_at_mark() => {
                    return Stop::Instruction;
                }
                Some(libc::SIGTRAP) => return Stop::Mark,
                // PTRACE_O_TRACESYSGOOD tells system calls from signals by this bit.
                Some(other) if other == libc::SIGTRAP | 0x80 => return self.at_call(),
                Some(other) => signal = other,
            }
        }
    }

    /// `PTRACE_GETSIGINFO`: whether the process itself sent the signal that it stopped for, not the kernel.
    fn is_at_mark(&self) -> bool {
        let mut facts = MaybeUninit::<libc::siginfo_t>::zeroed();
        self.request(libc::PTRACE_GETSIGINFO, facts.as_mut_ptr().cast()).expect("it stopped for a signal");
        // SAFETY: integers, which the kernel has filled.
        unsafe { facts.assume_init() }.si_code == libc::SI_TKILL
    }

    /// `PTRACE_GET_SYSCALL_INFO`: beginning or end, and which call.
    fn at_call(&self) -> Stop {
        let mut facts = MaybeUninit::<libc::ptrace_syscall_info>::zeroed();
        let room = ptr::without_provenance_mut(size_of::<libc::ptrace_syscall_info>());
        let pid = self.pid();
        request(libc::PTRACE_GET_SYSCALL_INFO, pid, room, facts.as_mut_ptr().cast()).expect("Linux 5.3");
        // SAFETY: integers and unions of integers, all zeros before the kernel wrote some of them.
        let facts = unsafe { facts.assume_init() };
        if facts.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
            return Stop::End;
        }
        // SAFETY: the kernel has filled this variant, as `op` says.
        let entry = unsafe { facts.u.entry };
        Stop::Begin(Call { number: entry.nr.cast_signed(), arguments: entry.args })
    }

    /// Takes the vDSO from a program that has just started, which then asks the kernel for the time. Stepped, it might never
    /// get the time from there: it starts over when a clock tick comes in between.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn without_vdso(&self) {
        let memory = File::options().read(true).write(true).open(format!("/proc/{}/mem", self.pid()));
        let memory = memory.expect("a tracer has its memory");
        let word = |at| {
            let mut bytes = [0; 8];
            memory.read_exact_at(&mut bytes, at).expect("its stack");
            u64::from_le_bytes(bytes)
        };
        // What the kernel hands over: a number of arguments, these, the environment, each with a zero behind it, then pairs
        // of a type and a value.
        let stack = self.registers().rsp;
        let mut at = stack + 8 + 8 * (word(stack) + 1);
        while word(at) != 0 {
            at += 8;
        }
        at += 8;
        while ![libc::AT_NULL, libc::AT_SYSINFO_EHDR].contains(&word(at)) {
            at += 16;
        }
        if word(at) == libc::AT_SYSINFO_EHDR {
            memory.write_all_at(&libc::AT_IGNORE.to_le_bytes(), at).expect("its stack");
        }
    }

    /// `PTRACE_GETREGS`
    fn registers(&self) -> libc::user_regs_struct {
        let mut registers = MaybeUninit::<libc::user_regs_struct>::zeroed();
        self.request(libc::PTRACE_GETREGS, registers.as_mut_ptr().cast()).expect("registers");
        // SAFETY: integers, which the kernel has filled.
        unsafe { registers.assume_init() }
    }

    /// Makes the system call at which it stands fail with this errno: where it begins, instead of happening; where it ends,
    /// after it happened.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn fail(&mut self, errno: i32) {
        let mut registers = self.registers();
        // There is no call of this number, and nothing happens.
        registers.orig_rax = u64::MAX;
        registers.rax = i64::from(-errno).cast_unsigned();
        self.request(libc::PTRACE_SETREGS, (&raw mut registers).cast()).expect("registers");
    }

    /// `kill -9`. A system call at whose beginning it stands does not happen.
    pub fn kill(mut self) {
        self.end();
    }

    /// Lets it go on untraced: `PTRACE_DETACH`.
    ///
    /// # Panics
    /// When the kernel refuses.
    pub fn release(&mut self) {
        self.request(libc::PTRACE_DETACH, ptr::null_mut()).expect("a stopped process is released");
    }

    /// The next line that it prints; empty when it has ended. Released processes only: a stopped one prints nothing.
    ///
    /// # Panics
    /// When it prints what is no text.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("text");
        line.trim_end().to_owned()
    }

    /// Closes its input and waits until it ends. Released processes only.
    pub fn finish(mut self) -> ExitStatus {
        drop(self.child.stdin.take());
        self.wait()
    }

    fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    fn request(&self, what: libc::c_uint, data: *mut libc::c_void) -> io::Result<i64> {
        request(what, self.pid(), ptr::null_mut(), data)
    }

    /// `waitpid(2)`: until it stops or ends.
    fn wait(&mut self) -> ExitStatus {
        let mut status = 0;
        loop {
            // SAFETY: `status` lives across the call.
            if unsafe { libc::waitpid(self.pid(), &raw mut status, 0) } >= 0 {
                break;
            }
            let error = io::Error::last_os_error();
            assert_eq!(error.kind(), io::ErrorKind::Interrupted, "waitpid: {error}");
        }
        let status = ExitStatus::from_raw(status);
        self.is_over = status.stopped_signal().is_none();
        status
    }

    fn end(&mut self) {
        if !self.is_over {
            // SAFETY: the process is a child that was not waited for, so its number is still its own.
            unsafe { libc::kill(self.pid(), libc::SIGKILL) };
        }
        while !self.is_over {
            self.wait();
        }
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a request takes in the place of a pointer.
fn number(number: i32) -> *mut libc::c_void {
    ptr::without_provenance_mut(number.cast_unsigned() as usize)
}

/// `ptrace(2)`
fn request(
    request: libc::c_uint,
    pid: i32,
    address: *mut libc::c_void,
    data: *mut libc::c_void,
) -> io::Result<i64> {
    // SAFETY: callers give `data` as the request wants it: a number, or room that lives across the call and is large enough.
    let result = unsafe { libc::ptrace(request, pid, address, data) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

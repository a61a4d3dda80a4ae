//! Memfds from parent to child: open descriptors that survive `exec`, and an environment variable that says which ones.
//! Relies on `fcntl(2)` and `fstat(2)`; knows no segment. `docs/FORMAT.md` has the text's form.
//!
//! A number in the variable is believed only with the device and inode beside it: a child of a child may have the variable
//! still, and something else under the number. And only of a descriptor that survives `exec`: once it is claimed it does
//! not, so that no other runtime in this process takes it in too.

#![expect(unsafe_code, reason = "descriptors by number, and fcntl(F_GETFD, F_SETFD)")]

use std::env;
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::str::FromStr;

use crate::region::Identity;

/// The variable: `FD:DEVICE:INODE[,FD:DEVICE:INODE]=NAME` for each table, with `/` between them.
const VARIABLE: &str = "SHMRECORD_MEMFD";
/// Bytes of the longest name that an address may have: of a longer one the guard's name could be another table's.
const NAME_MAX: usize = 249;

/// A name, and the descriptors that it was left with.
type Legacy = (String, Vec<(File, Identity)>);

/// Everything that this process was started with and has not claimed, the newest first. From now on the caller owns it.
pub(crate) fn find() -> Vec<Legacy> {
    let text = env::var_os(VARIABLE).unwrap_or_default();
    let mut all = Vec::new();
    for entry in text.as_bytes().split(|&byte| byte == b'/').rev() {
        // One that is no text does not take the others away.
        all.extend(str::from_utf8(entry).ok().and_then(|entry| find_one(entry, &all)));
    }
    all
}

/// All descriptors of this entry or none: an old entry may have a number in common with one of these newer ones.
fn find_one(entry: &str, newer: &[Legacy]) -> Option<Legacy> {
    let (descriptors, name) = entry.split_once('=')?;
    let meant: Vec<_> = descriptors.split(',').map(parse).collect::<Option<_>>()?;
    let [first, rest @ ..] = meant.as_slice() else { return None };
    let is_share = rest.len() < 2 && rest.iter().all(|(descriptor, _)| *descriptor != first.0);
    let is_free =
        |descriptor| newer.iter().flat_map(|it| &it.1).all(|(file, _)| file.as_raw_fd() != descriptor);
    let is_left = |it: &(RawFd, Identity)| is_free(it.0) && is_heirloom(it);
    if name.is_empty() || name.len() > NAME_MAX || !is_share || !meant.iter().all(is_left) {
        return None;
    }
    let own = |(descriptor, identity)| {
        // SAFETY: the parent made it for this process to own, and nobody here has it: it survived `exec`, and is no newer
        // entry's.
        (unsafe { File::from_raw_fd(descriptor) }, identity)
    };
    Some((name.to_owned(), meant.into_iter().map(own).collect()))
}

/// A descriptor, and what it was when these words were written.
fn parse(words: &str) -> Option<(RawFd, Identity)> {
    let mut words = words.split(':');
    let descriptor = number(words.next()?)?;
    let identity = Identity { device: number(words.next()?)?, inode: number(words.next()?)? };
    words.next().is_none().then_some((descriptor, identity))
}

/// A number in digits alone: `parse` would take a sign before them.
fn number<N: FromStr>(digits: &str) -> Option<N> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { digits.parse().ok() } else { None }
}

/// Whether this is a descriptor that was left for this process and that nobody here has taken in.
fn is_heirloom(&(descriptor, identity): &(RawFd, Identity)) -> bool {
    if descriptor <= libc::STDERR_FILENO || !survives_exec(descriptor) {
        return false;
    }
    // SAFETY: it is open, as was just seen, and not closed here.
    let file = ManuallyDrop::new(unsafe { File::from_raw_fd(descriptor) });
    Identity::of(&file).is_ok_and(|found| found == identity)
}

/// `fcntl(F_SETFD)`: this file ends at `exec` from now on.
pub(crate) fn claim(file: &File) -> io::Result<()> {
    set_flags(file, libc::FD_CLOEXEC)
}

/// Whether this is an open descriptor without `FD_CLOEXEC`.
pub(crate) fn survives_exec(descriptor: RawFd) -> bool {
    // SAFETY: no memory is involved.
    let flags = unsafe { libc::fcntl(descriptor, libc::F_GETFD) };
    flags >= 0 && flags & libc::FD_CLOEXEC == 0
}

/// Lets the process that this command starts have these files, duplicates for it alone, under this name; beside those of
/// earlier calls.
pub(crate) fn leave(command: &mut Command, name: &str, files: Vec<File>) -> io::Result<()> {
    let set = command.get_envs().find(|(key, _)| *key == VARIABLE);
    let mut text = set.and_then(|(_, text)| text).unwrap_or_default().to_owned();
    if !text.is_empty() {
        text.push("/");
    }
    text.push(entry(name, &files)?);
    command.env(VARIABLE, text);
    let hook = move || files.iter().try_for_each(keep_through_exec);
    // SAFETY: between fork and exec the hook only calls fcntl, which may be called there.
    unsafe { command.pre_exec(hook) };
    Ok(())
}

/// `fcntl(F_SETFD)`, in the child alone: descriptor flags are not shared with the parent.
fn keep_through_exec(file: &File) -> io::Result<()> {
    set_flags(file, 0)
}

fn set_flags(file: &File, flags: libc::c_int) -> io::Result<()> {
    // SAFETY: no memory is involved; the descriptor is open for as long as `file` is borrowed.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_SETFD, flags) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn entry(name: &str, files: &[File]) -> io::Result<String> {
    let words: Vec<String> = files
        .iter()
        .map(|file| {
            let Identity { device, inode } = Identity::of(file)?;
            Ok(format!("{}:{device}:{inode}", file.as_raw_fd()))
        })
        .collect::<io::Result<_>>()?;
    Ok(format!("{}={name}", words.join(",")))
}

#[cfg(test)]
mod tests {
    use super::find_one;

    #[test]
    fn what_is_not_meant_for_this_process_is_ignored() {
        for entry in [
            "",
            "=",
            "=name",
            "3=name",
            "3:1=name",
            "3:1:2:4=name",
            "-1:1:2=name",
            "99999:1:2=name",
            "0:1:2=name",
            "1:1:2,2:1:2=name",
            "x:1:2=name",
            "3:1:2,=name",
            "4294967296:1:2=name",
            "+3:1:2=name",
            "3:+1:2=name",
        ] {
            assert!(find_one(entry, &[]).is_none(), "{entry}");
        }
    }
}

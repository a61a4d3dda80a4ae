//! Descriptors, asked as event loops do: `poll(2)` and `epoll(7)`. Relies on `libc`; does not know what they are of.

#![expect(unsafe_code, reason = "poll and epoll, which std does not offer")]

use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// `poll(2)`: whether one becomes readable before the timeout.
///
/// # Panics
/// When the call fails, or says anything else of it.
#[must_use]
pub fn is_readable(descriptor: &impl AsFd, timeout: Duration) -> bool {
    let mut asked = libc::pollfd { fd: descriptor.as_fd().as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: reads and writes one pollfd, which lives across the call.
    let count = unsafe { libc::poll(&raw mut asked, 1, milliseconds(timeout)) };
    assert!(count >= 0, "{}", io::Error::last_os_error());
    assert!([0, libc::POLLIN].contains(&asked.revents), "{:#x}", asked.revents);
    count == 1
}

/// Several descriptors under one `epoll(7)`, which tells of edges: each time one becomes readable anew.
#[derive(Debug)]
pub struct Edges(OwnedFd);

impl Edges {
    /// Those of these descriptors.
    ///
    /// # Panics
    /// When a call fails.
    #[must_use]
    pub fn of(descriptors: &[&dyn AsFd]) -> Self {
        // SAFETY: no memory is involved.
        let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        assert!(epoll >= 0, "{}", io::Error::last_os_error());
        // SAFETY: the call has just given it, and nobody else closes it.
        let epoll = unsafe { OwnedFd::from_raw_fd(epoll) };
        for (number, descriptor) in (0..).zip(descriptors) {
            let events = (libc::EPOLLIN | libc::EPOLLET).cast_unsigned();
            let mut event = libc::epoll_event { events, u64: number };
            let descriptor = descriptor.as_fd().as_raw_fd();
            // SAFETY: reads one epoll_event, which lives across the call.
            let result = unsafe {
                libc::epoll_ctl(epoll.as_raw_fd(), libc::EPOLL_CTL_ADD, descriptor, &raw mut event)
            };
            assert_eq!(result, 0, "{}", io::Error::last_os_error());
        }
        Self(epoll)
    }

    /// `epoll_wait(2)`: the number of one that became readable; `None`: none before the timeout.
    ///
    /// # Panics
    /// When the call fails.
    #[must_use]
    pub fn next(&self, timeout: Duration) -> Option<u64> {
        let mut event = libc::epoll_event { events: 0, u64: 0 };
        // SAFETY: writes one epoll_event at most, which lives across the call.
        let count = unsafe { libc::epoll_wait(self.0.as_raw_fd(), &raw mut event, 1, milliseconds(timeout)) };
        assert!(count >= 0, "{}", io::Error::last_os_error());
        (count == 1).then_some(event.u64)
    }
}

fn milliseconds(timeout: Duration) -> libc::c_int {
    timeout.as_millis().try_into().expect("a time that a test can wait")
}

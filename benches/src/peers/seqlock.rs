//! The crate `seqlock`: a version beside every value. It is meant for the threads of one process; here its locks lie in
//! memory that the processes of a trial share, which works as long as one of them writes: a second one would sleep among
//! the sleepers of its own process, where nobody wakes it. A reader that meets a write gives its core to others, by a
//! system call, and there is no other way to poll. Relies on `shared`.

use ::seqlock::SeqLock;

use super::{Peer, Place, Read, Write};
use crate::miss::Outcome;
use crate::sample::Sample;
use crate::shared::Shared;

pub(crate) struct Locks;

impl<T: Sample> Peer<T> for Locks {
    type Common = Shared<SeqLock<T>>;
    type Writer = &'static Shared<SeqLock<T>>;
    type Reader = &'static Shared<SeqLock<T>>;

    fn prepare(_: &Place, records: usize) -> Outcome<Shared<SeqLock<T>>> {
        Ok(Shared::new(records, |_| SeqLock::new(T::filled(0)))?)
    }

    fn writer(locks: &'static Shared<SeqLock<T>>) -> Outcome<Self::Writer> {
        Ok(locks)
    }

    fn reader(locks: &'static Shared<SeqLock<T>>) -> Outcome<Self::Reader> {
        Ok(locks)
    }
}

impl<T: Sample> Write<T> for &Shared<SeqLock<T>> {
    #[inline(always)]
    fn write(&mut self, index: usize, value: &T) {
        *self[index].lock_write() = *value;
    }
}

impl<T: Sample> Read<T> for &Shared<SeqLock<T>> {
    #[inline(always)]
    fn read(&mut self, index: usize, out: &mut T) -> bool {
        *out = self[index].read();
        true
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn values_get_to_another_process() {
        super::super::crossing::crosses::<super::Locks>("seqlock", 3);
    }
}

//! `AtomicCell` of `crossbeam-utils`. More than eight bytes it guards by one of 67 locks that all cells of a process have
//! in common, and every process has 67 of its own: a reader in another process gets torn values, so that only what happens
//! within one process counts. Relies on `shared`.

use std::process;

use crossbeam_utils::atomic::AtomicCell;

use super::{Peer, Place, Read, Write};
use crate::miss::{Miss, Outcome};
use crate::sample::Sample;
use crate::shared::Shared;

pub(crate) struct Cells;

/// The cells, and the process that writes.
pub(crate) struct Common<T> {
    cells: Shared<AtomicCell<T>>,
    home: Shared<AtomicCell<u32>>,
}

impl<T: Sample> Peer<T> for Cells {
    type Common = Common<T>;
    type Writer = &'static Shared<AtomicCell<T>>;
    type Reader = &'static Shared<AtomicCell<T>>;

    fn prepare(_: &Place, records: usize) -> Outcome<Common<T>> {
        let cells = Shared::new(records, |_| AtomicCell::new(T::filled(0)))?;
        Ok(Common { cells, home: Shared::new(1, |_| AtomicCell::new(0))? })
    }

    fn writer(common: &'static Common<T>) -> Outcome<Self::Writer> {
        common.home[0].store(process::id());
        Ok(&common.cells)
    }

    fn reader(common: &'static Common<T>) -> Outcome<Self::Reader> {
        if common.home[0].load() == process::id() || AtomicCell::<T>::is_lock_free() {
            Ok(&common.cells)
        } else {
            Miss::limit("more than 8 bytes are guarded within one process alone")
        }
    }
}

impl<T: Sample> Write<T> for &Shared<AtomicCell<T>> {
    #[inline(always)]
    fn write(&mut self, index: usize, value: &T) {
        self[index].store(*value);
    }
}

impl<T: Sample> Read<T> for &Shared<AtomicCell<T>> {
    #[inline(always)]
    fn read(&mut self, index: usize, out: &mut T) -> bool {
        *out = self[index].load();
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::line::Line;
    use crate::pair::{Side, apart};
    use crate::sample::Bytes64;
    use crate::suites::prepared;

    #[test]
    fn values_are_read_in_the_process_that_writes_them_alone() {
        let common = prepared::<Cells, Bytes64>(&Place::of_this_process(), 3).unwrap();
        let mut out = Bytes64::filled(0);
        <Cells as Peer<Bytes64>>::writer(common).unwrap().write(2, &Bytes64::filled(1));
        let mut reader = <Cells as Peer<Bytes64>>::reader(common).unwrap();
        assert!(reader.read(2, &mut out) && out.tag() == 1 && !out.is_torn());
        let another = |_: &Line| <Cells as Peer<Bytes64>>::reader(common).map(|_| vec![]);
        let outcome = apart(Duration::from_secs(5), &[Side { core: None, work: &another }]);
        assert!(matches!(outcome, Err(Miss::Limit(_))));
    }
}

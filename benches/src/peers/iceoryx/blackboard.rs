//! The blackboard of `iceoryx2`, values by key: each is written and read by a handle of its entry, which is kept, as its
//! authors recommend.
//!
//! It looks through the keys of a service one by one, to add one as to find one: 100,000 in one service take 12 s to create
//! and 10 s for the handles of each process. So a large table has several services; what a handle does is the same then.

use iceoryx2::port::reader::{EntryHandle, Reader as ReaderPort};
use iceoryx2::port::writer::{EntryHandleMut, Writer as WriterPort};

use super::super::{Peer, Place, Read, Write};
use super::{Carried, Service, Site, remove};
use crate::miss::{Miss, Outcome};
use crate::sample::Sample;

/// Keys of a service.
pub(super) const SHARE: usize = 4096;
/// An entry takes 500 bytes beside its value, and a service five open files at either end, of which a process may have 1024.
const MOST: usize = 50 * SHARE;

pub(crate) struct Blackboard;

pub(crate) struct Writer<T: Sample> {
    entries: Vec<EntryHandleMut<Service, u64, Carried<T>>>,
    _ports: Vec<WriterPort<Service, u64>>,
}

pub(crate) struct Reader<T: Sample> {
    entries: Vec<EntryHandle<Service, u64, Carried<T>>>,
    _ports: Vec<ReaderPort<Service, u64>>,
}

/// The keys of every service.
fn shares(records: usize) -> impl Iterator<Item = std::ops::Range<u64>> {
    (0..records).step_by(SHARE).map(move |first| first as u64..records.min(first + SHARE) as u64)
}

impl<T: Sample> Peer<T> for Blackboard {
    type Common = Site;
    type Writer = Writer<T>;
    type Reader = Reader<T>;

    fn prepare(place: &Place, records: usize) -> Outcome<Site> {
        if records > MOST {
            return Miss::limit(format!("{records} entries take too many open files"));
        }
        Ok(Site::new(place, records))
    }

    fn writer(site: &'static Site) -> Outcome<Writer<T>> {
        let node = site.node()?;
        let (mut entries, mut ports) = (Vec::with_capacity(site.records), Vec::new());
        for keys in shares(site.records) {
            let mut creator =
                node.service_builder(&keys.start.to_string().as_str().try_into()?).blackboard_creator();
            for key in keys.clone() {
                creator = creator.add(key, Carried(T::filled(0)));
            }
            let port = creator.create()?.writer_builder().create()?;
            for key in keys {
                entries.push(port.entry(&key)?);
            }
            ports.push(port);
        }
        Ok(Writer { entries, _ports: ports })
    }

    fn reader(site: &'static Site) -> Outcome<Reader<T>> {
        let node = site.node()?;
        let (mut entries, mut ports) = (Vec::with_capacity(site.records), Vec::new());
        for keys in shares(site.records) {
            let opener =
                node.service_builder(&keys.start.to_string().as_str().try_into()?).blackboard_opener();
            let port = opener.open()?.reader_builder().create()?;
            for key in keys {
                entries.push(port.entry(&key)?);
            }
            ports.push(port);
        }
        Ok(Reader { entries, _ports: ports })
    }

    fn remove(place: &Place) {
        remove(place);
    }
}

impl<T: Sample> Write<T> for Writer<T> {
    #[inline(always)]
    fn write(&mut self, index: usize, value: &T) {
        self.entries[index].update_with_copy(Carried(*value));
    }
}

impl<T: Sample> Read<T> for Reader<T> {
    #[inline(always)]
    fn read(&mut self, index: usize, out: &mut T) -> bool {
        *out = self.entries[index].get().0;
        true
    }
}

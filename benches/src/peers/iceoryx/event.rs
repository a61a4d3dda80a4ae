//! A blackboard of `iceoryx2` whose readers sleep: as its authors have it, by a second service, an event that the writer
//! sends after each of its updates.

use iceoryx2::port::listener::Listener;
use iceoryx2::port::notifier::Notifier;

use super::super::{Peer, Place, Read, Write};
use super::{Blackboard, Service, Site, blackboard, remove};
use crate::miss::Outcome;
use crate::sample::Sample;

/// The name of the second service.
const EVENT: &str = "event";

pub(crate) struct Notified;

pub(crate) struct Writer<T: Sample> {
    table: blackboard::Writer<T>,
    notifier: Notifier<Service>,
}

pub(crate) struct Reader<T: Sample> {
    table: blackboard::Reader<T>,
    listener: Listener<Service>,
}

impl<T: Sample> Peer<T> for Notified {
    type Common = Site;
    type Writer = Writer<T>;
    type Reader = Reader<T>;

    fn prepare(place: &Place, records: usize) -> Outcome<Site> {
        <Blackboard as Peer<T>>::prepare(place, records)
    }

    fn writer(site: &'static Site) -> Outcome<Writer<T>> {
        let event = site.node()?.service_builder(&EVENT.try_into()?).event().create()?;
        Ok(Writer { table: Blackboard::writer(site)?, notifier: event.notifier_builder().create()? })
    }

    fn reader(site: &'static Site) -> Outcome<Reader<T>> {
        let event = site.node()?.service_builder(&EVENT.try_into()?).event().open()?;
        Ok(Reader { table: Blackboard::reader(site)?, listener: event.listener_builder().create()? })
    }

    fn remove(place: &Place) {
        remove(place);
    }
}

impl<T: Sample> Write<T> for Writer<T> {
    #[inline(always)]
    fn write(&mut self, index: usize, value: &T) {
        self.table.write(index, value);
        self.notifier.notify().expect("its listeners can be reached");
    }
}

impl<T: Sample> Read<T> for Reader<T> {
    #[inline(always)]
    fn read(&mut self, index: usize, out: &mut T) -> bool {
        self.table.read(index, out)
    }

    fn await_tag(&mut self, tag: u64, out: &mut T) {
        while !(self.read(0, out) && out.tag() == tag) {
            self.listener.blocking_wait(|_| ()).expect("it is there to be woken");
        }
    }
}

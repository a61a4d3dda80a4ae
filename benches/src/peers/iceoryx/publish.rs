//! Publish-subscribe of `iceoryx2` for latest values: a service for each, with room for one sample, whose place a new one
//! takes. A reader keeps the last sample that it received. Who comes later has none until the next is sent: a publisher
//! that was told to keep the last one for them would hand it over then, too, and no sooner.

use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::sample::Sample as Received;
use iceoryx2::service::builder::publish_subscribe::Builder;

use super::super::{Peer, Place, Read, Write};
use super::{Carried, Service, Site, remove};
use crate::miss::{Miss, Outcome};
use crate::sample::Sample;

/// Services of a table: each has files and memory of its own.
const MOST: usize = 16;

pub(crate) struct Topics;

pub(crate) struct Writer<T: Sample>(Vec<Publisher<Service, Carried<T>, ()>>);

pub(crate) struct Reader<T: Sample>(Vec<Topic<T>>);

/// What one reader has of a value.
struct Topic<T: Sample> {
    subscriber: Subscriber<Service, Carried<T>, ()>,
    last: Option<Received<Service, Carried<T>, ()>>,
}

/// The service of every record, as both sides want it.
fn services<T: Sample>(site: &Site) -> Outcome<Vec<Builder<Carried<T>, (), Service>>> {
    let node = site.node()?;
    let service = |index: usize| {
        let builder = node.service_builder(&index.to_string().as_str().try_into()?).publish_subscribe();
        Ok(builder.max_publishers(1).subscriber_max_buffer_size(1).enable_safe_overflow(true))
    };
    (0..site.records).map(service).collect()
}

impl<T: Sample> Peer<T> for Topics {
    type Common = Site;
    type Writer = Writer<T>;
    type Reader = Reader<T>;

    fn prepare(place: &Place, records: usize) -> Outcome<Site> {
        if records > MOST {
            return Miss::limit(format!("{records} values take a service each"));
        }
        Ok(Site::new(place, records))
    }

    fn writer(site: &'static Site) -> Outcome<Writer<T>> {
        let mut publishers = Vec::new();
        for service in services(site)? {
            publishers.push(service.create()?.publisher_builder().max_loaned_samples(1).create()?);
        }
        Ok(Writer(publishers))
    }

    fn reader(site: &'static Site) -> Outcome<Reader<T>> {
        let mut topics = Vec::new();
        for service in services(site)? {
            topics.push(Topic { subscriber: service.open()?.subscriber_builder().create()?, last: None });
        }
        Ok(Reader(topics))
    }

    fn remove(place: &Place) {
        remove(place);
    }
}

impl<T: Sample> Write<T> for Writer<T> {
    #[inline(always)]
    fn write(&mut self, index: usize, value: &T) {
        let sample = self.0[index].loan_uninit().expect("none is on loan");
        sample.write_payload(Carried(*value)).send().expect("its subscribers can be reached");
    }
}

impl<T: Sample> Read<T> for Reader<T> {
    #[inline(always)]
    fn read(&mut self, index: usize, out: &mut T) -> bool {
        let Topic { subscriber, last } = &mut self.0[index];
        if let Some(sample) = subscriber.receive().expect("it keeps no more than two") {
            *last = Some(sample);
        }
        last.as_ref().map(|sample| *out = sample.payload().0).is_some()
    }
}

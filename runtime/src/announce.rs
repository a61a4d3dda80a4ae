//! What a writer does behind each publication: it counts it, stores the time, and wakes who waits for the record, each where the
//! table has that. And how a reader says that it waits. Relies on `live`, `futex`, `once` and `region`; knows no records.

use shmrecord_layout::abi;

use crate::futex;
use crate::guard::doorbell::{Call, Doorbell};
use crate::header::Header;
use crate::live::Live;
use crate::once::SetOnce;
use crate::region::Segment;
use crate::region::map::Access;
use crate::region::page::Page;
use crate::sync::{AtomicU32, Ordering, fence};

/// What of it a table has, for one handle.
#[derive(Debug)]
pub(crate) struct Announcer {
    /// There is something to be stored behind a publication.
    marks: bool,
    /// Somebody may wait.
    has_doorbell: bool,
    /// Each publication stores the time.
    stamps: bool,
    /// A barrier of the processor must follow the publication, because nobody who waits can make it here.
    fences: bool,
    /// The page on which this reader says that it waits, from the first time on. `None` in it: it cannot.
    page: SetOnce<Option<Page>>,
}

impl Announcer {
    /// That of a table with this header, for who has this access.
    pub(crate) fn new(header: &Header, access: Access) -> Self {
        let has_doorbell = header.shape.has_doorbell;
        let fences = has_doorbell && access == Access::Write && !futex::register();
        let marks = has_doorbell || header.stamps;
        Self { marks, has_doorbell, stamps: header.stamps, fences, page: SetOnce::new() }
    }

    /// Comes behind a publication, and is of one writer at a time as that is: stores what else is to be known of it.
    #[inline(always)]
    pub(crate) fn mark(&self, live: Live<'_>) {
        if self.marks {
            self.mark_all(live);
        }
    }

    #[inline(never)]
    fn mark_all(&self, live: Live<'_>) {
        if self.has_doorbell {
            live.count_change();
        }
        if self.stamps {
            live.beat();
        }
        if self.fences {
            fence(Ordering::SeqCst);
        }
    }

    /// Comes behind that: wakes who waits for records of these groups. `false`: the table was removed, and nobody new finds what
    /// was published.
    #[inline(always)]
    pub(crate) fn call(&self, live: Live<'_>, attention: &AtomicU32, groups: u32) -> bool {
        !Doorbell::is_wanted(attention, groups) || self.attend(live, attention, groups)
    }

    /// Something calls for attention.
    #[cold]
    #[inline(never)]
    fn attend(&self, live: Live<'_>, attention: &AtomicU32, groups: u32) -> bool {
        if !self.has_doorbell {
            // Pairs with the release in `call_all`: who saw the mark sees the state that was stored before.
            fence(Ordering::Acquire);
            return !live.is_retired();
        }
        let doorbell = live.doorbell(attention);
        let call = doorbell.answer(groups);
        if call == Call::Ring {
            futex::wake(doorbell.rings, i32::MAX, groups);
        }
        call == Call::Ring
    }

    /// Something was recovered: what its writer did not come to announce is. Of one writer at a time.
    pub(crate) fn announce_recovery(&self, live: Live<'_>) {
        if self.has_doorbell {
            live.count_change();
            live.ring();
        }
    }

    /// The doorbell, for a reader who waits. `None`: there is none, or this process cannot say that it waits.
    pub(crate) fn doorbell<'a>(&'a self, segment: &'a Segment) -> Option<Doorbell<'a>> {
        // Nothing of a file that may be cut is touched but under watch, and the page is not.
        if !self.has_doorbell || segment.map().is_watched() {
            return None;
        }
        let page = self.page.get().unwrap_or_else(|| self.page.set(segment.page(abi::live::WAITING)));
        page.as_ref().map(|page| Live::of(segment.map()).doorbell(page.first()))
    }

    /// Whether publications are counted and announced.
    pub(crate) fn has_doorbell(&self) -> bool {
        self.has_doorbell
    }
}

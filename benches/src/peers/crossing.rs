//! What the tests ask of a contestant: what one process writes another one reads, and nothing stays behind, whether the
//! processes end in peace or are killed.

use std::fs;
use std::time::Duration;

use super::{Peer, Place, Read, Write};
use crate::line::Line;
use crate::miss::{Miss, Outcome};
use crate::pair::{Side, apart};
use crate::sample::{Bytes64, Sample};
use crate::suites::prepared;

const PATIENCE: Duration = Duration::from_secs(20);

/// Fails unless the first and the last of so many records get from one process to another.
pub(super) fn crosses<P: Peer<Bytes64>>(name: &str, records: usize) {
    let place = Place::of_this_process().beside(name);
    let outcome = first_and_last::<P>(&place, records);
    P::remove(&place);
    assert_eq!(outcome.unwrap(), [vec![], vec![1.0, 2.0]]);
    assert_eq!(left_behind(&place), Vec::<String>::new());
}

/// Fails if something stays of a writer that is killed.
pub(super) fn leaves_nothing<P: Peer<Bytes64>>(name: &str) {
    let place = Place::of_this_process().beside(name);
    let common = prepared::<P, Bytes64>(&place, 1).unwrap();
    let dies = |_: &Line| {
        let _writer = P::writer(common)?;
        // SAFETY: ends the child that runs it, which drops nothing.
        unsafe { libc::_exit(0) }
    };
    let outcome = apart(PATIENCE, &[Side { core: None, work: &dies }]);
    let left = left_behind(&place);
    P::remove(&place);
    assert!(matches!(outcome, Err(Miss::Failed(words)) if words == "it died without a word"));
    assert!(!left.is_empty(), "there was nothing to remove");
    assert_eq!(left_behind(&place), Vec::<String>::new());
}

fn first_and_last<P: Peer<Bytes64>>(place: &Place, records: usize) -> Outcome<Vec<Vec<f64>>> {
    let common = prepared::<P, Bytes64>(place, records)?;
    let writes = |line: &Line| {
        let mut writer = P::writer(common)?;
        line.meet();
        line.meet();
        writer.write(records - 1, &Bytes64::filled(2));
        writer.write(0, &Bytes64::filled(1));
        line.meet();
        Ok(vec![])
    };
    let reads = |line: &Line| {
        line.meet();
        let mut reader = P::reader(common)?;
        line.meet();
        let [mut first, mut last] = [Bytes64::filled(0); 2];
        reader.await_tag(1, &mut first);
        assert!(reader.read(records - 1, &mut last) && !first.is_torn() && !last.is_torn());
        line.meet();
        Ok(vec![first.tag() as f64, last.tag() as f64])
    };
    apart(PATIENCE, &[Side { core: None, work: &writes }, Side { core: None, work: &reads }])
}

/// What the place has in the directories where contestants put anything.
fn left_behind(place: &Place) -> Vec<String> {
    let entries = ["/tmp", "/dev/shm"].map(|directory| fs::read_dir(directory).unwrap());
    let names = entries.into_iter().flatten().map(|entry| entry.unwrap().file_name().display().to_string());
    names.filter(|name| name.starts_with(place.name())).collect()
}

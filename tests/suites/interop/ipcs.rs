//! `ipcs` and `ipcrm` of util-linux on our System V segments.

use std::os::unix::fs::MetadataExt;
use std::process::Command;

use integration_tests::image::{Image, at};
use integration_tests::place::{Backend, Place};
use integration_tests::records::{Quote, quote};
use integration_tests::sysv;
use integration_tests::tools::{has_tool, run};
use shmrecord::{ErrorKind, Options, Reader, Status, Writer};

/// What `ipcs` lists in this line of the segments: key, id, owner, mode, bytes, attachments, status if any.
fn listed(place: &Place) -> Option<Vec<String>> {
    let key = format!("{:#010x}", place.key());
    let list = run(Command::new("ipcs").arg("-m"));
    let line = list.lines().find(|line| line.starts_with(&key))?;
    Some(line.split_ascii_whitespace().map(str::to_owned).collect())
}

#[test]
fn ipcs_lists_our_segment_as_we_know_it() {
    if !has_tool("ipcs") {
        return;
    }
    let place = Place::new(Backend::Sysv);
    assert_eq!(listed(&place), None);
    let options = Options::new().mode(0o640);
    let writer = options.create::<Quote>(place.address(), 100).unwrap();
    let reader = Reader::<Quote>::open(place.address()).unwrap();
    let uid = std::fs::metadata("/proc/self").unwrap().uid();
    let owner = run(Command::new("id").args(["-un", &uid.to_string()]));
    let id = sysv::segment(place.key()).unwrap().to_string();
    let bytes = Image::of(&place).word(at::SEGMENT_BYTES).to_string();
    let facts = |attached: &str| {
        let key = format!("{:#010x}", place.key());
        Some([&key, &id, owner.trim(), "640", &bytes, attached].map(str::to_owned).to_vec())
    };
    assert_eq!(listed(&place), facts("2"));
    drop(reader);
    assert_eq!(listed(&place), facts("1"));
    drop(writer);
    assert_eq!(listed(&place), facts("0"));
    shmrecord::remove(place.address()).unwrap();
    assert_eq!(listed(&place), None);
}

#[test]
fn what_ipcrm_removes_stays_readable_and_can_be_created_anew() {
    if !has_tool("ipcrm") {
        return;
    }
    let place = Place::new(Backend::Sysv);
    let address = place.address();
    let mut writer = Writer::<Quote>::create(address, 2).unwrap();
    writer.write(1, &quote(1)).unwrap();
    let reader = Reader::<Quote>::open(address).unwrap();
    run(Command::new("ipcrm").args(["-M", &format!("{:#x}", place.key())]));

    assert_eq!(listed(&place), None);
    assert_eq!(reader.status().unwrap(), Status::Orphaned);
    writer.write(1, &quote(2)).unwrap();
    assert_eq!(reader.read(1).unwrap(), quote(2));
    let gone = Reader::<Quote>::open(address).unwrap_err();
    assert_eq!(*gone.kind(), ErrorKind::NotFound);
    drop(writer);
    assert_eq!(reader.read(1).unwrap(), quote(2));

    let mut next = Writer::<Quote>::create(address, 2).unwrap();
    next.write(1, &quote(3)).unwrap();
    assert_eq!(Reader::<Quote>::open(address).unwrap().read(1).unwrap(), quote(3));
    assert_eq!(reader.read(1).unwrap(), quote(2), "the last value of the removed one");
}

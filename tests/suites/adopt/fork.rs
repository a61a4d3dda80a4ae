//! Adopted tables in a child of `fork`, which has its parent's readers and none of its writers.

use std::process;

use integration_tests::check::error_of;
use integration_tests::fork::{end, in_child, split};
use integration_tests::records::{Quote, quote};
use shmrecord::ErrorKind;

use crate::every_program;

#[test]
fn a_child_has_no_use_of_a_writer_and_may_open_the_table_itself() {
    every_program(|program| {
        let address = program.place().address();
        let mut writer = program.table::<Quote>().open_writer().unwrap();
        let reader = program.table::<Quote>().open().unwrap();
        writer.write(0, &quote(1)).unwrap();
        in_child(|| {
            let forked = |kind: ErrorKind| assert_eq!(kind, ErrorKind::ForkedHandle);
            let mut value = quote(0);
            forked(error_of(writer.read(0), address));
            forked(error_of(writer.read_into(0, &mut value), address));
            forked(error_of(writer.iter().next().unwrap(), address));
            forked(error_of(writer.write(0, &quote(2)), address));
            forked(error_of(writer.update(0, |_| panic!("not called")), address));
            forked(error_of(writer.free_guard(None), address));
            assert_eq!(writer.count(), reader.count());
            writer.facts().unwrap();
            assert_eq!(reader.read(0).unwrap(), quote(1));
            let mut own = program.table::<Quote>().open_writer().unwrap();
            own.write(1, &quote(2)).unwrap();
        });
        assert_eq!(writer.read(0).unwrap(), quote(1));
        assert_eq!(writer.read(1).unwrap(), quote(2));
    });
}

#[test]
fn a_child_that_is_forked_in_the_midst_of_an_update_leaves_the_guard_to_its_parent() {
    every_program(|program| {
        let mut writer = program.table::<Quote>().open_writer().unwrap();
        let parent = process::id();
        let mut child = None;
        let result = writer.update(0, |_| {
            child = split();
            quote(if process::id() == parent { 1 } else { 2 })
        });
        let Some(child) = child else {
            end(result.is_err_and(|error| *error.kind() == ErrorKind::ForkedHandle));
        };
        child.finish();
        assert_eq!(result.unwrap(), quote(1));
        // Neither let go of twice nor still taken.
        assert_eq!(writer.update(0, |it| it).unwrap(), quote(1));
    });
}

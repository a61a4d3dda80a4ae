//! Somebody who overwrites the words of a table all the time, while others read and write it: each call ends, with a value
//! or an error that says why there is none. Both languages, at once.

use shmrecord::{Arrangement, ErrorKind};

use crate::random::Random;
use crate::run;
use crate::table::{Table, impatient};
use crate::twin::{self, Twin};
use integration_tests::every::{Every, every};

#[test]
fn who_reads_and_writes_beside_a_scribbler_comes_to_an_end() {
    run::inputs(
        "scribbler::who_reads_and_writes_beside_a_scribbler_comes_to_an_end",
        100,
        twin::program,
        |program| {
            let mut twin = Twin::start(program);
            let mut tables = [1, 2, 8].map(|cells| Table::new(cells, Arrangement::Split));
            move |random| input(random, &mut tables, twin.as_mut())
        },
    );
}

fn input(random: &mut Random, tables: &mut [Table], twin: Option<&mut Twin>) {
    let table = &mut tables[random.below(3)];
    table.exists_again();
    table.mend();
    table.beside_a_scribbler(random, || {
        work_beside(table.address());
        if let Some(twin) = twin {
            table.mend();
            twin.say(&format!("beside {}", table.address()), &[]);
            assert_eq!(twin.answer(), "done");
        }
    });
}

fn work_beside(address: &str) {
    // It may look removed.
    if let Ok(reader) = impatient().open::<Every>(address) {
        for index in (0..3).cycle().take(200) {
            if let Err(error) = reader.read(index) {
                let kind = error.kind();
                let may_be = matches!(kind, ErrorKind::Contended { .. } | ErrorKind::InvalidBits { .. });
                assert!(may_be, "{error}");
            }
        }
    }
    if let Ok(mut writer) = impatient().open_writer::<Every>(address) {
        for index in (0..3).cycle().take(50) {
            writer.write(index, &every(7)).expect("a writer waits for nobody");
        }
    }
}

//! What a schema may call segments and semaphores is what the runtime takes: a header that compiles names nothing that no
//! program could ever open.

use ipcgen::source::Source;
use shmrecord::{Adopt, ErrorKind, ForeignGuard};

use crate::every::Every;

/// Whether `ipcgen` takes a segment at this address, under the guard that stands behind `guard =`.
fn compiles(address: &str, guard: &str) -> bool {
    let schema = format!(
        "schema.name = \"md\"\n[record.Quote]\nfields = [{{ name = \"bid\", type = \"f64\" }}]\n\
         [segment.quotes]\naddress = '{address}'\nrecord = \"Quote\"\nheader = \"none\"\nguard = {guard}\n"
    );
    ipcgen::compile(&Source::new("md.toml", schema)).0.is_some()
}

/// Whether the runtime does; nothing of such a name need be there.
fn is_name(table: &Adopt<'_, Every>) -> bool {
    let bad = [ErrorKind::BadAddress, ErrorKind::BadName, ErrorKind::BadKey];
    table.open().err().is_none_or(|error| !bad.contains(error.kind()))
}

#[test]
fn a_schema_takes_the_addresses_that_the_runtime_takes() {
    let long = |kind, bytes| format!("{kind}{}", "n".repeat(bytes));
    let mut addresses: Vec<String> = ["posix:/", "posix:", "file:/tmp/", "memfd:"]
        .into_iter()
        .flat_map(|kind| [249, 250, 255, 256].map(|bytes| long(kind, bytes)))
        .collect();
    addresses.extend(
        [
            "",
            "quotes",
            ":",
            "shm:/quotes",
            "posix:",
            "posix:/",
            "posix://a",
            "posix:/a/b",
            "posix:/.",
            "posix:..",
            "posix:/sem.quotes",
            "posix:sem.quotes",
            "posix:/quotes.guard",
            "posix:/.guard",
            "posix:/a b",
            "posix:/ä",
            "file:",
            "file:/",
            "file:/tmp/",
            "file:/tmp/.",
            "file:quotes",
            "file:/tmp/quotes.guard",
            "file:/tmp/sem.quotes",
            "memfd:",
            "memfd:a/b",
            "memfd:/a",
            "memfd:..",
            "memfd:a.guard",
            "sysv:",
            "sysv:0",
            "sysv:0x",
            "sysv:0X12ab",
            "sysv:-1",
            "sysv:+1",
            "sysv:01",
            "sysv:4294967295",
            "sysv:4294967296",
            "sysv:ftok(/tmp,7)",
            "sysv:ftok(/tmp,0)",
            "sysv:ftok(/tmp,256)",
            "sysv:ftok(/tmp)",
            "sysv:ftok(/tmp,0x7)",
            "sysv:ftok(/tmp, 7)",
        ]
        .map(str::to_owned),
    );
    for address in addresses {
        let runtime = is_name(&Adopt::new(&address, ForeignGuard::None));
        assert_eq!(compiles(&address, "\"none\""), runtime, "{address}");
    }
}

#[test]
fn a_schema_takes_the_semaphores_that_the_runtime_takes() {
    let table = |guard| Adopt::<Every>::new("posix:/shmrecord-no-such-segment", guard);
    let long = [251, 252, 256].map(|bytes| format!("/{}", "n".repeat(bytes)));
    let names = ["/", "//", "/a/b", "/.", "/..", "/lock", "/lock.guard", "/sem.lock"];
    for name in names.into_iter().chain(long.iter().map(String::as_str)) {
        let runtime = is_name(&table(ForeignGuard::Posix { name }));
        assert_eq!(compiles("posix:/quotes", &format!("{{ posix = '{name}' }}")), runtime, "{name}");
    }
    for key in ["", "0", "0x1234", "4660", "04660", "0x100000000", "ftok(/tmp,255)", "ftok(/tmp,300)"] {
        let runtime = is_name(&table(ForeignGuard::Sysv { key, index: 0 }));
        let guard = format!("{{ kind = \"sysv\", key = '{key}' }}");
        assert_eq!(compiles("posix:/quotes", &guard), runtime, "{key}");
    }
}

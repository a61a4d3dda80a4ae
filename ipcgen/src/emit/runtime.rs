//! What generated code relies on, as files that are written beside it. They are links to the runtimes' own folders, so
//! that a published crate holds copies of them.

macro_rules! files {
    ($(#[$doc:meta])* $constant:ident, $folder:literal: $($name:literal),+ $(,)?) => {
        $(#[$doc])*
        pub(super) const $constant: &[(&str, &str)] = &[
            $((concat!("shmrecord/", $name), include_str!(concat!("../../", $folder, "/shmrecord/", $name)))),+
        ];
    };
}

files!(
    /// The modules that read tables in Python, by their path from the folder of all output.
    PYTHON_RUNTIME, "python":
    "__init__.py",
    "address.py",
    "attach.py",
    "describe.py",
    "difference.py",
    "error.py",
    "geometry.py",
    "header.py",
    "meaning.py",
    "segment.py",
    "slot.py",
    "table.py",
    "validity.py",
);

files!(
    /// The package that reads tables in Go, by their path from the folder of all output.
    GO_RUNTIME, "go":
    "address.go",
    "attach.go",
    "decode.go",
    "describe.go",
    "difference.go",
    "errors.go",
    "geometry.go",
    "header.go",
    "segment.go",
    "slot.go",
    "sysv.go",
    "table.go",
    "validity.go",
);

files!(
    /// The headers that generated C code includes, by their path from the folder of all output.
    C_RUNTIME, "include":
    "abi.h",
    "address.h",
    "adopt.h",
    "adopt_bounds.h",
    "adopt_copy.h",
    "adopt_guard.h",
    "adopt_posix.h",
    "adopt_seqcount.h",
    "adopt_sysv.h",
    "adopt_table.h",
    "agreement.h",
    "available.h",
    "base.h",
    "batch.h",
    "carry.h",
    "compat.h",
    "compat_enums.h",
    "compat_growth.h",
    "compat_words.h",
    "copy.h",
    "create.h",
    "describe.h",
    "description.h",
    "doorbell.h",
    "draft.h",
    "error.h",
    "follow.h",
    "fork.h",
    "geometry.h",
    "handover.h",
    "handover_message.h",
    "handover_socket.h",
    "header.h",
    "identity.h",
    "inherited.h",
    "join.h",
    "key.h",
    "life.h",
    "lifecycle.h",
    "lock.h",
    "log.h",
    "open.h",
    "options.h",
    "reader.h",
    "record.h",
    "region.h",
    "region_facts.h",
    "region_memfd.h",
    "region_memory.h",
    "region_named.h",
    "region_sysv.h",
    "registry.h",
    "remove.h",
    "replace.h",
    "role.h",
    "role_file.h",
    "role_name.h",
    "role_sysv.h",
    "segment.h",
    "shared.h",
    "snapshot.h",
    "status.h",
    "sys.h",
    "table.h",
    "turn.h",
    "vectors.h",
    "view.h",
    "wait.h",
    "wanted.h",
);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::{C_RUNTIME, GO_RUNTIME, PYTHON_RUNTIME};

    #[test]
    fn every_file_of_the_runtimes_is_passed_on() {
        for (below, ending, files) in
            [("include", ".h", C_RUNTIME), ("python", ".py", PYTHON_RUNTIME), ("go", ".go", GO_RUNTIME)]
        {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(below).join("shmrecord");
            let there =
                folder.read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let there: BTreeSet<String> = there.filter(|name| name.ends_with(ending)).collect();
            let passed: BTreeSet<String> =
                files.iter().map(|(path, _)| path.trim_start_matches("shmrecord/").to_owned()).collect();
            assert_eq!(passed, there);
        }
    }
}

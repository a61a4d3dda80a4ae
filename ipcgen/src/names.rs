//! How a name is written in each language, and the words that are taken there. Relies on heck for the case rules; they
//! are ABI for whoever uses generated code, so a test freezes them.

use std::collections::HashMap;
use std::sync::LazyLock;

use heck::{ToShoutySnakeCase, ToSnakeCase, ToUpperCamelCase};
use shmrecord_layout::Form;

use crate::c_macros;

/// What C promises to tell apart.
pub(crate) const MAX_NAME_BYTES: usize = 63;

/// A record's type in C: `md_market_data`.
pub(crate) fn c_record(schema: &str, record: &str) -> String {
    format!("{schema}_{}", record.to_snake_case())
}

/// A constant's or a record's macro in C: `MD_DEPTH`, `MD_MARKET_DATA`.
pub(crate) fn c_macro(schema: &str, name: &str) -> String {
    format!("{}_{}", schema.to_ascii_uppercase(), shouty(name))
}

/// A record's type in Rust, Python and Go: as it is when it looks like one, else converted.
pub(crate) fn rust_record(record: &str) -> String {
    let fits = record.starts_with(|first: char| first.is_ascii_uppercase()) && !record.contains('_');
    if fits { record.to_owned() } else { record.to_upper_camel_case() }
}

/// An enumerator's macro in C, behind the type's name: `MD_SIDE_BID`.
pub(crate) fn c_enumerator(ty: &str, enumerator: &str) -> String {
    format!("{}_{}", ty.to_ascii_uppercase(), shouty(enumerator))
}

/// An enumerator in Rust: a variant of a closed enum, else a constant inside the type.
pub(crate) fn rust_enumerator(enumerator: &str, form: Form) -> String {
    if form == Form::Closed { enumerator.to_upper_camel_case() } else { shouty(enumerator) }
}

/// A field, a constant or an enumerator in Go. C, Rust and Python take fields as they are.
pub(crate) fn camel_field(field: &str) -> String {
    field.to_upper_camel_case()
}

/// The method that Go code gets for every record; a field cannot have its name.
pub(crate) const GO_METHOD: &str = "ShmRecord";

/// A constant in Rust and Python: as it is without lower case, else converted.
pub(crate) fn rust_constant(constant: &str) -> String {
    shouty(constant)
}

fn shouty(name: &str) -> String {
    if name == name.to_ascii_uppercase() {
        name.to_owned()
    } else if name == name.to_ascii_lowercase() {
        name.to_ascii_uppercase()
    } else {
        name.to_shouty_snake_case()
    }
}

/// A name that could stand for this one: what is no letter, digit or underscore replaced.
pub(crate) fn sanitized(name: &str) -> Option<String> {
    let replaced: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let words: Vec<&str> = replaced.split('_').filter(|word| !word.is_empty()).collect();
    let joined = words.join("_");
    let prefix = if joined.starts_with(|first: char| first.is_ascii_digit()) { "n" } else { "" };
    let proposal = format!("{prefix}{joined}");
    let sound = !joined.is_empty() && proposal.len() <= MAX_NAME_BYTES && taken(&proposal).is_none();
    sound.then_some(proposal)
}

/// A language, for names: C++ takes those of C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    C,
    Rust,
    Go,
    Python,
}

impl Target {
    pub(crate) const ALL: [Target; 4] = [Target::C, Target::Rust, Target::Go, Target::Python];

    /// The name in messages.
    pub(crate) fn language(self) -> &'static str {
        match self {
            Self::C => "C",
            Self::Rust => "Rust",
            Self::Go => "Go",
            Self::Python => "Python",
        }
    }

    /// The key in `rename`.
    pub(crate) fn key(self) -> &'static str {
        match self {
            Self::C => "c",
            Self::Rust => "rust",
            Self::Go => "go",
            Self::Python => "python",
        }
    }
}

/// Who has taken this word, in words: `a keyword in Rust`.
pub(crate) fn taken(word: &str) -> Option<&'static str> {
    Target::ALL.into_iter().find_map(|target| taken_in(target, word))
}

/// Who has taken this word in one language.
pub(crate) fn taken_in(target: Target, word: &str) -> Option<&'static str> {
    static WORDS: LazyLock<HashMap<(usize, &str), &str>> = LazyLock::new(|| {
        let words = |&(target, by, list): &(Target, &'static str, &'static str)| {
            list.split_ascii_whitespace().map(move |word| ((target as usize, word), by)).collect::<Vec<_>>()
        };
        TAKEN.iter().rev().flat_map(words).collect()
    });
    if is_of_runtime(word) {
        return Some("part of the C runtime's names, which begin with `shmrec`");
    }
    WORDS.get(&(target as usize, word)).copied()
}

/// Who has taken this word, for what has no prefix in C: a field, and whatever is renamed.
pub(crate) fn taken_plain(target: Target, word: &str) -> Option<&'static str> {
    let is_macro = || target == Target::C && c_macros::is_taken(word);
    taken_in(target, word).or_else(|| is_macro().then_some("a macro in C, or begins like some"))
}

/// Whether it begins as the names of the C runtime do.
pub(crate) fn is_of_runtime(word: &str) -> bool {
    word.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("shmrec"))
}

/// What the type of an enumerator has itself that is called so, in words. A test compares the methods with those of the
/// derive.
pub(crate) fn member_of_enum(target: Target, form: Form, word: &str) -> Option<&'static str> {
    let methods = match form {
        Form::Closed => "",
        Form::Open => "name",
        Form::Flags => "all bits contains empty from_bits insert intersects is_empty remove union",
    };
    let is_method = || methods.split_ascii_whitespace().any(|method| method == word);
    match target {
        Target::Rust if is_method() => Some("a method of the type in Rust"),
        Target::Python if word == "mro" => Some("no enum of Python has a member called so"),
        Target::Python if form == Form::Open && word == "classmethod" => {
            Some("what the class in Python uses")
        }
        _ => None,
    }
}

/// What modules in Python use, and so a type or a constant in them cannot be called; fields can.
pub(crate) fn is_used_in_python(word: &str) -> bool {
    ["classmethod", "float", "int"].contains(&word)
}

/// Whether a schema of this name would give a header that hides one of the C library's.
pub(crate) fn is_c_header(schema: &str) -> bool {
    C_HEADERS.split_ascii_whitespace().any(|name| name == schema)
}

/// Whether a Python module of this name would hide one of the standard library, or numpy.
pub(crate) fn is_python_module(schema: &str) -> bool {
    PYTHON_MODULES.split_ascii_whitespace().any(|name| name == schema)
}

/// Whether a folder of this name is none that a Go package can be imported from.
pub(crate) fn is_go_folder(schema: &str) -> bool {
    ["internal", "main", "testdata", "vendor"].contains(&schema)
}

const C_HEADERS: &str = "
    aio aliases alloca ar argp argz assert byteswap complex cpio crypt ctype dirent dlfcn elf endian envz err errno error
    execinfo fcntl features fenv float fmtmsg fnmatch fstab fts ftw gconv getopt glob grp gshadow iconv ifaddrs inttypes
    iso646 langinfo lastlog libgen libintl limits link locale malloc math mcheck memory mntent monetary mqueue netdb
    nl_types nss obstack paths poll printf proc_service pthread pty pwd re_comp regex regexp resolv sched search
    semaphore setjmp sgtty shadow signal spawn stab stdalign stdarg stdatomic stdbool stdckdint stddef stdint stdio
    stdio_ext stdlib stdnoreturn string strings stropts syscall sysexits syslog tar termio termios tgmath thread_db
    threads time ttyent uchar ucontext ulimit unistd utime utmp utmpx values wait wchar wctype wordexp xlocale";

const PYTHON_MODULES: &str = "
    abc aifc annotationlib argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect
    builtins bz2 calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall compression
    concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm
    decimal difflib dis distutils doctest email encodings enum errno faulthandler fcntl filecmp fileinput fnmatch
    fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html
    http imaplib imghdr imp importlib inspect io ipaddress itertools json keyword linecache locale logging lzma
    mailbox mailcap marshal math mimetypes mmap modulefinder multiprocessing netrc nis nntplib ntpath nturl2path
    numbers numpy opcode operator optparse os ossaudiodev pathlib pdb pickle pickletools pipes pkgutil platform
    plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pyexpat queue quopri
    random re readline reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal
    site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat
    statistics string stringprep struct subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib
    tempfile termios textwrap threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty
    turtle types typing unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser wsgiref xdrlib xml
    xmlrpc zipapp zipfile zipimport zlib zoneinfo";

/// The words of each language by who has taken them; of several the first is named.
const TAKEN: &[(Target, &str, &str)] = &[
    (
        Target::C,
        "a keyword in C",
        "alignas alignof auto bool break case char const constexpr continue default do double else enum extern false float
        for goto if inline int long nullptr register restrict return short signed sizeof static static_assert struct
        switch thread_local true typedef typeof typeof_unqual union unsigned void volatile while asm noreturn complex
        imaginary",
    ),
    (
        Target::C,
        "a keyword in C++",
        "and and_eq bitand bitor catch char8_t char16_t char32_t class co_await co_return co_yield compl concept consteval
        constinit const_cast decltype delete dynamic_cast explicit export friend mutable namespace new noexcept not
        not_eq operator or or_eq private protected public reinterpret_cast requires static_cast template this throw try
        typeid typename using virtual wchar_t xor xor_eq",
    ),
    (
        Target::Rust,
        "a keyword in Rust",
        "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut
        pub ref return self Self static struct super trait true type unsafe use where while abstract become box do final
        gen macro override priv try typeof unsized virtual yield",
    ),
    (
        Target::Go,
        "a keyword in Go",
        "break case chan const continue default defer else fallthrough for func go goto if import interface map package
        range return select struct switch type var",
    ),
    (
        Target::Python,
        "a keyword in Python",
        "False None True and as assert async await break class continue def del elif else except finally for from global
        if import in is lambda nonlocal not or pass raise return try while with yield",
    ),
    (
        Target::C,
        "a name of the C library",
        "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t intptr_t uintptr_t intmax_t uintmax_t size_t
        ssize_t ptrdiff_t off_t pid_t uid_t gid_t mode_t time_t dev_t ino_t key_t max_align_t div_t ldiv_t clock_t
        timer_t id_t nlink_t blksize_t blkcnt_t useconds_t suseconds_t loff_t locale_t va_list",
    ),
    (
        Target::C,
        "a macro in C",
        "NULL EOF errno stdin stdout stderr assert offsetof linux unix i386 st_atime st_mtime st_ctime sa_handler
        sa_sigaction si_pid si_uid si_value UINT64_C INT64_C",
    ),
];

#[cfg(test)]
mod tests {
    use super::{
        c_macro, c_record, camel_field, is_c_header, is_go_folder, is_python_module, rust_constant,
        rust_record, sanitized, taken,
    };

    #[test]
    fn the_case_rules_never_change() {
        let records = [
            // schema, C, macro, Rust
            ("MarketData", "md_market_data", "MD_MARKET_DATA", "MarketData"),
            ("L2Book", "md_l2_book", "MD_L2_BOOK", "L2Book"),
            ("Level2", "md_level2", "MD_LEVEL2", "Level2"),
            ("MDEntry", "md_md_entry", "MD_MD_ENTRY", "MDEntry"),
            ("HTTPServer", "md_http_server", "MD_HTTP_SERVER", "HTTPServer"),
            ("IPv4Addr", "md_i_pv4_addr", "MD_I_PV4_ADDR", "IPv4Addr"),
            ("order_book", "md_order_book", "MD_ORDER_BOOK", "OrderBook"),
            ("Order_Book", "md_order_book", "MD_ORDER_BOOK", "OrderBook"),
            ("ORDERS", "md_orders", "MD_ORDERS", "ORDERS"),
            ("x", "md_x", "MD_X", "X"),
        ];
        for (name, c, shouted, rust) in records {
            assert_eq!(c_record("md", name), c);
            assert_eq!(c_macro("md", name), shouted, "{name}");
            assert_eq!(rust_record(name), rust);
        }
        let fields =
            [("bid_px", "BidPx"), ("bidPx", "BidPx"), ("type_", "Type"), ("PX", "Px"), ("x2y", "X2y")];
        for (name, camel) in fields {
            assert_eq!(camel_field(name), camel);
        }
        let constants =
            [("DEPTH", "DEPTH"), ("max_depth", "MAX_DEPTH"), ("maxDepth", "MAX_DEPTH"), ("L2", "L2")];
        for (name, rust) in constants {
            assert_eq!(rust_constant(name), rust);
        }
    }

    #[test]
    fn taken_words_say_by_whom_and_proposals_are_free() {
        assert_eq!(taken("type"), Some("a keyword in Rust"));
        assert_eq!(taken("int"), Some("a keyword in C"));
        assert_eq!(taken("chan"), Some("a keyword in Go"));
        assert_eq!(taken("lambda"), Some("a keyword in Python"));
        assert_eq!(taken("finally"), Some("a keyword in Python"));
        assert_eq!(taken("errno"), Some("a macro in C"));
        assert!(taken("Shmrec_x").is_some());
        assert_eq!(taken("price"), None);
        assert!(is_c_header("time") && !is_c_header("md"));
        assert!(is_python_module("queue") && !is_python_module("md"));
        assert!(is_go_folder("vendor") && !is_go_folder("md"));
        assert_eq!(sanitized("bid-px").as_deref(), Some("bid_px"));
        assert_eq!(sanitized("1st__x").as_deref(), Some("n1st_x"));
        assert_eq!(sanitized("Größe").as_deref(), Some("Gr_e"));
        assert_eq!(sanitized("-"), None);
        assert_eq!(sanitized("_type"), None);
    }
}

//! Programs and object files of both compilers, in every form of DWARF that they write: one struct, one schema.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ipcgen::import::{self, Request};

use crate::support::{Scratch, has_tool, run};

const C: &str = r#"
#include <stdint.h>
typedef uint64_t nanos;
enum side { BID = 'B', ASK = 'A' };
struct level { int64_t price; uint32_t quantity; };
typedef struct quote_s {
    char symbol[10];
    const volatile nanos at;
    enum side side;
    struct level levels[2][3];
    struct { float x; } mark;
    _Bool live;
    unsigned low : 3, high : 7;
    struct quote_s *next;
} quote_t;
quote_t all[4];
int main(void) { return (int)all[0].levels[1][2].quantity; }
"#;

const C_SCHEMA: &str = r#"# What `quote_t` of feed.c:6 is, as its compiler placed it.
[schema]
name = "feed"

[enum.side]
doc = "`side` of feed.c:4."
repr = "u32"
[enum.side.values]
BID = 66
ASK = 65

[record.level]
doc = "`level` of feed.c:5."
size = 16
fields = [
  { name = "price", type = "i64" },
  { name = "quantity", type = "u32" },
]

[record.quote_t_mark]
doc = "`quote_t_mark` of feed.c:11."
fields = [
  { name = "x", type = "f32" },
]

[record.quote_t]
doc = "`quote_t` of feed.c:6."
fields = [
  { name = "symbol", type = "[char; 10]" },
  { name = "at", type = "u64", offset = 16 },
  { name = "side", type = "side" },
  { name = "levels", type = "[[level; 3]; 2]", offset = 32 },
  { name = "mark", type = "quote_t_mark" },
  { name = "live", type = "bool" },
  { name = "reserved_133", type = "[u8; 2]", doc = "Reserved: bit-fields `low`, `high`." },
  { name = "next", type = "[u8; 8]", offset = 136, doc = "Reserved: `next`, a pointer (`quote_s *`)." },
]
"#;

const CPP: &str = r#"
#include <cstdint>
namespace feed {
enum class Side : uint8_t { Bid = 1, Ask };
struct Base { int64_t sequence; short tag; };
namespace detail { template <class T, int N> struct Ring { T items[N]; uint16_t head; }; }
class Quote : public Base {
public:
    virtual ~Quote();
    Side side;
    detail::Ring<double, 3> prices;
    struct Level { int32_t px, qty; } levels[2];
    static int count;
};
Quote::~Quote() {}
int Quote::count;
}
feed::Quote quote;
int main() { return quote.levels[0].px; }
"#;

const CPP_SCHEMA: &str = r#"# What `Quote` of feed.cpp:7 is, as its compiler placed it.
[schema]
name = "feed"

[enum.Side]
doc = "`Side` of feed.cpp:4."
repr = "u8"
[enum.Side.values]
Bid = 1
Ask = 2

[record.Ring_double_3] # C: `Ring<double, 3>`
doc = "`Ring<double, 3>` of feed.cpp:6."
size = 32
fields = [
  { name = "items", type = "[f64; 3]" },
  { name = "head", type = "u16" },
]

[record.Level]
doc = "`Level` of feed.cpp:12."
fields = [
  { name = "px", type = "i32" },
  { name = "qty", type = "i32" },
]

[record.Quote]
doc = "`Quote` of feed.cpp:7."
fields = [
  { name = "vptr_Quote", type = "[u8; 8]", doc = "Reserved: `_vptr.Quote`, a pointer to virtual functions." }, # C: `_vptr.Quote`
  { name = "sequence", type = "i64" },
  { name = "tag", type = "i16" },
  { name = "side", type = "Side", offset = 24 },
  { name = "prices", type = "Ring_double_3", offset = 32 },
  { name = "levels", type = "[Level; 2]" },
]
"#;

/// The forms of debugging information.
const FORMS: [&[&str]; 11] = [
    &["-gdwarf-2"],
    &["-gdwarf-3", "-c"],
    &["-gdwarf-4"],
    &["-gdwarf-5"],
    &["-gdwarf-4", "-c"],
    &["-gdwarf-5", "-c"],
    &["-gdwarf-5", "-gz=zlib"],
    &["-gdwarf-4", "-gz=zlib", "-c"],
    &["-gdwarf-4", "-fdebug-types-section"],
    &["-gdwarf-5", "-fdebug-types-section", "-c"],
    &["-gdwarf-5", "-O2", "-flto"],
];

fn import(program: &Path, record: &str) -> Result<String, String> {
    let bytes = fs::read(program).unwrap();
    let request = Request { record: record.into(), reserve: true, schema: "feed".into() };
    import::schema(&bytes, &request).map_err(|fault| fault.to_string())
}

/// Compiles in every form, and compares what is imported.
fn in_every_form(compiler: &str, file: &str, text: &str, record: &str, expected: &str) {
    if !has_tool(compiler) {
        return;
    }
    let folder = Scratch::new(&format!("import-elf-{compiler}"));
    let source = folder.file(file, text);
    for form in FORMS {
        // clang needs a plugin of the linker for this.
        if form.contains(&"-flto") && compiler.starts_with("clang") {
            continue;
        }
        let program = compiled(compiler, &folder, &source, form);
        let schema = import(&program, record).unwrap_or_else(|fault| panic!("{form:?}: {fault}"));
        assert_eq!(schema.replace("_vptr$", "_vptr."), expected, "{compiler} {form:?}");
    }
}

fn compiled(compiler: &str, folder: &Scratch, source: &Path, arguments: &[&str]) -> PathBuf {
    let program = folder.path("program");
    run(Command::new(compiler).args(arguments).arg(source).arg("-o").arg(&program));
    program
}

#[test]
fn gcc_and_its_forms() {
    in_every_form("gcc", "feed.c", C, "quote_t", C_SCHEMA);
}

#[test]
fn clang_and_its_forms() {
    in_every_form("clang", "feed.c", C, "quote_t", C_SCHEMA);
}

#[test]
fn gxx_and_its_forms() {
    in_every_form("g++", "feed.cpp", CPP, "feed::Quote", CPP_SCHEMA);
}

#[test]
fn clangxx_and_its_forms() {
    in_every_form("clang++", "feed.cpp", CPP, "feed::Quote", CPP_SCHEMA);
}

#[test]
fn what_is_not_in_the_file_is_said() {
    if !has_tool("gcc") {
        return;
    }
    let folder = Scratch::new("import-elf-without");
    let source = folder.file("feed.c", C);
    let fault = |arguments: &[&str], record| {
        import(&compiled("gcc", &folder, &source, arguments), record).unwrap_err()
    };
    assert_eq!(
        fault(&["-g", "-s"], "quote_t"),
        "error: the file has no debugging information\n  = help: compile with -g, and give the file that was not stripped\n"
    );
    assert_eq!(
        fault(&["-g"], "qoute_t"),
        "error: no struct is called `qoute_t`\n  = help: did you mean one of `quote_t`, `quote_s`?\n"
    );
    assert_eq!(
        fault(&["-g"], "nanos"),
        "error: `nanos` is no struct\n  = help: only structs have a layout of fields\n"
    );
    let split = fault(&["-g", "-gsplit-dwarf", "-c"], "quote_t");
    assert!(split.contains("is in a file of its own") && split.contains(".dwo"), "{split}");
    let narrow = folder.path("narrow.o");
    let made = Command::new("gcc")
        .args(["-m32", "-ffreestanding", "-g", "-c", "-x", "c", "-"])
        .arg("-o")
        .arg(&narrow)
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    if made.status.success() {
        assert!(import(&narrow, "quote_t").unwrap_err().contains("for a 32-bit machine"));
    }
    let split = entries_with(&folder, "dwo");
    assert_eq!(import(&split, "quote_t").unwrap().lines().count(), C_SCHEMA.lines().count());
}

/// The file in a folder with this extension.
fn entries_with(folder: &Scratch, extension: &str) -> PathBuf {
    let mut entries = crate::support::entries(&folder.path(""));
    entries.retain(|entry| entry.extension().is_some_and(|own| own == extension));
    entries.pop().unwrap_or_else(|| panic!("no .{extension}"))
}

#[test]
fn structs_of_one_name_are_told_apart() {
    if !has_tool("gcc") {
        return;
    }
    let folder = Scratch::new("import-elf-several");
    let one = folder.file("one.c", "struct quote { int price; };\nstruct quote first;\n");
    let other = folder.file(
        "other.c",
        "\nstruct quote { long price, size; };\nstruct quote second;\nint main(void) { return 0; }\n",
    );
    let again = folder.file("again.c", "struct quote { int price; };\nstruct quote third;\n");
    let program = folder.path("program");
    run(Command::new("gcc").arg("-g").args([&one, &other, &again]).arg("-o").arg(&program));
    let fault = import(&program, "quote").unwrap_err();
    assert!(fault.starts_with("error: 2 different structs are called `quote`\n"), "{fault}");
    assert!(
        fault.contains("one.c:1: 1 member in 4 bytes") && fault.contains("other.c:2: 2 members in 16 bytes"),
        "{fault}"
    );
    assert!(import(&program, "quote@other.c:2").unwrap().contains("\"size\""));
    assert!(import(&program, "struct quote@one.c:1").unwrap().contains("\"i32\""));
    assert!(import(&program, "quote@none.c:1").unwrap_err().contains("no `quote` is declared at none.c:1"));
}

//! The golden ids of the layout rules: from the compiler's constants, from ipcgen, from a C program with the generated
//! header, and from ten lines of Python that know the rules only.

use std::process::Command;

use ipcgen::source::Source;
use shmrecord::ShmRecord;

use crate::tools::{CC, has_tool, model_of, run, suite, write, write_header};

const LAYOUT_ID: u64 = 0x723f_c907_23bb_e9c9;
const SCHEMA_ID: u64 = 0xf87f_363a_5103_7ced;

const SCHEMA: &str = r#"
[schema]
name = "golden"
[record.MarketData]
fields = [
  { name = "symbol", type = "[char; 10]" },
  { name = "price",  type = "f64" },
  { name = "volume", type = "i64" },
]
"#;

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct MarketData {
    #[shm(text)]
    symbol: [u8; 10],
    price: f64,
    volume: i64,
}

const _: () = assert!(MarketData::LAYOUT.layout_id == LAYOUT_ID && MarketData::LAYOUT.schema_id == SCHEMA_ID);

#[test]
fn ipcgen_computes_the_golden_ids() {
    let model = model_of(&Source::new("golden.toml", SCHEMA));
    assert_eq!((model.records[0].layout_id, model.records[0].schema_id), (LAYOUT_ID, SCHEMA_ID));
}

#[test]
fn c_carries_the_golden_ids() {
    if !CC.is_there() {
        return;
    }
    write_header(&model_of(&Source::new("golden.toml", SCHEMA)));
    let source = write(
        "golden.c",
        "#include \"golden.h\"\n#include <inttypes.h>\n#include <stdio.h>\n\
         int main(void) {\n    printf(\"%016\" PRIx64 \"\\n%016\" PRIx64 \"\\n\", GOLDEN_MARKET_DATA_LAYOUT_ID, \
         GOLDEN_MARKET_DATA_SCHEMA_ID);\n    return 0;\n}\n",
    );
    assert_eq!(run(&mut Command::new(CC.compile("golden", &source, &[]))), golden_lines());
}

#[test]
fn python_computes_the_golden_ids() {
    if has_tool("python3") {
        assert_eq!(run(Command::new("python3").arg(suite("golden_ids.py"))), golden_lines());
    }
}

fn golden_lines() -> String {
    format!("{LAYOUT_ID:016x}\n{SCHEMA_ID:016x}\n")
}

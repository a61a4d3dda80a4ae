//! Random numbers and random schemas, others on every run. `SHMRECORD_SEED` repeats a run by the seed that it printed.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use ipcgen::model::Model;
use ipcgen::source::Source;

/// A small generator of pseudo-random numbers (xorshift64*).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// One from the seed that is asked for, or from the clock; prints it.
    pub(crate) fn seeded() -> Self {
        let seed: u64 = match std::env::var("SHMRECORD_SEED") {
            Ok(text) => text.parse().expect("SHMRECORD_SEED is a number"),
            Err(_) => SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos().into(),
        };
        println!("SHMRECORD_SEED={seed}");
        // The state is never 0.
        Self(seed | 1 << 40)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % end
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    /// A schema of this name that holds.
    pub(crate) fn schema(&mut self, name: &str) -> Model {
        loop {
            let source = Source::new(format!("{name}.toml"), self.text(name));
            if let (Some(model), _) = ipcgen::compile(&source) {
                return model;
            }
        }
    }

    /// A schema's text that may break rules of the layout: pinned offsets, sizes and strides are guessed.
    pub(crate) fn text(&mut self, name: &str) -> String {
        const SCALARS: [&str; 11] =
            ["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f32", "f64", "bool"];
        let mut text = format!("[schema]\nname = \"{name}\"\n[const]\nN = {}\n", 1 + self.below(5));
        self.enums(&mut text);
        let records = 1 + self.below(6);
        for record in 0..records {
            let _ = writeln!(text, "[record.R{record}]");
            if self.one_in(3) {
                let _ = writeln!(text, "align = {}", 8 << self.below(5));
            }
            if self.one_in(4) {
                let _ = writeln!(text, "size = {}", 256 << self.below(4));
            }
            text.push_str("fields = [\n");
            let mut offset = 0;
            for field in 0..=self.below(9) {
                let mut ty = match self.below(8) {
                    0 => format!("[char; {}]", 1 + self.below(20)),
                    // Only later records, so that there are no cycles; the order in the file is not that of the need.
                    1 | 2 if record + 1 < records => {
                        format!("R{}", record + 1 + self.below(records - record - 1))
                    }
                    3 => ["Open", "Closed", "Flags"][self.below(3)].to_owned(),
                    _ => SCALARS[self.below(SCALARS.len())].to_owned(),
                };
                let null = match ty.as_str() {
                    "Open" => "77",
                    "Flags" | "f32" | "f64" | "bool" => "",
                    _ if SCALARS.contains(&ty.as_str()) => "\"max\"",
                    _ => "",
                };
                for _ in 0..self.below(4) {
                    if !ty.contains("char") {
                        let length = ["N", "1", "2", "3"][self.below(4)];
                        ty = format!("[{ty}; {length}]");
                    }
                }
                let _ = write!(text, "  {{ name = \"f{field}\", type = \"{ty}\"");
                if !null.is_empty() && self.one_in(4) {
                    let _ = write!(text, ", null = {null}");
                }
                if self.one_in(12) {
                    offset += 64 * (1 + self.below(4));
                    let _ = write!(text, ", offset = {offset}");
                }
                text.push_str(" },\n");
            }
            text.push_str("]\n");
        }
        for segment in 0..self.below(4) {
            self.segment(segment, records, &mut text);
        }
        text
    }

    /// An open enum, a closed one and flags.
    fn enums(&mut self, text: &mut String) {
        const REPRS: [&str; 8] = ["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"];
        let [open, closed, flags] = [REPRS.len(), REPRS.len(), 4].map(|end| REPRS[self.below(end)]);
        let least = if closed.starts_with('i') { -100 } else { 0 };
        let _ = writeln!(
            text,
            "[enum.Open]\nrepr = \"{open}\"\nvalues = {{ None = 0, One = 1, Most = 100 }}\n\
             [enum.Closed]\nrepr = \"{closed}\"\nclosed = true\nvalues = {{ Least = {least}, One = 1, Two = 2 }}\n\
             [flags.Flags]\nrepr = \"{flags}\"\nbits = {{ A = 0, B = 3, C = 7 }}"
        );
    }

    fn segment(&mut self, segment: usize, records: usize, text: &mut String) {
        let address = ["sysv:0x1234", "posix:/a \\\"b\\\"", "file:a/b?\u{e9}", "memfd:c"][self.below(4)];
        let record = self.below(records);
        let offset = 128 * self.below(4);
        let guard = match self.below(4) {
            0 => "\"none\"".to_owned(),
            1 => format!(
                "{{ kind = \"sysv\", key = {}, index = {} }}",
                1 + self.below(1 << 31),
                self.below(65536)
            ),
            2 => "{ posix = \"/lock\" }".to_owned(),
            _ => {
                let (offset, width) = (8 * self.below(300), 32 << self.below(2));
                let per_record = self.one_in(2);
                format!(
                    "{{ seqcount = {{ offset = {offset}, width = {width}, per_record = {per_record} }} }}"
                )
            }
        };
        let _ = writeln!(
            text,
            "[segment.s{segment}]\naddress = \"{address}\"\nrecord = \"R{record}\"\nheader = \"none\"\n\
             offset = {offset}\nguard = {guard}"
        );
        let mut key = |name: &str, value: String| {
            if self.one_in(2) {
                let _ = writeln!(text, "{name} = {value}");
            }
        };
        key("stride", "4096".to_owned());
        key("count", "2".to_owned());
        key("mode", "0o602".to_owned());
        key("owner", "65534".to_owned());
        key("accept_unsealed", "true".to_owned());
        key("timeout_ms", "20".to_owned());
    }
}

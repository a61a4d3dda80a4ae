//! `struct perf_event_attr` in the eight sizes that Linux has published, as `linux/perf_event.h` documents them, with
//! bit-fields and unions as plain integers. Two of its fields came without another size, in what had been padding.

/// Size, and the fields that came with it: name, type, offset.
type Published = (u32, &'static [(&'static str, &'static str, u32)]);

/// `PERF_ATTR_SIZE_VER0` to `PERF_ATTR_SIZE_VER7`.
pub(crate) const PUBLISHED: [Published; 8] = [
    (
        64,
        &[
            ("event", "u32", 0),
            ("size", "u32", 4),
            ("config", "u64", 8),
            ("sample_period", "u64", 16),
            ("sample_type", "u64", 24),
            ("read_format", "u64", 32),
            ("flags", "u64", 40),
            ("wakeup_events", "u32", 48),
            ("bp_type", "u32", 52),
            ("config1", "u64", 56),
        ],
    ),
    (72, &[("config2", "u64", 64)]),
    (80, &[("branch_sample_type", "u64", 72)]),
    (96, &[("sample_regs_user", "u64", 80), ("sample_stack_user", "u32", 88)]),
    (104, &[("sample_regs_intr", "u64", 96)]),
    (112, &[("clockid", "i32", 92), ("aux_watermark", "u32", 104)]),
    (120, &[("sample_max_stack", "u16", 108), ("aux_sample_size", "u32", 112)]),
    (128, &[("sig_data", "u64", 120)]),
];

/// The schema of one of them; its version is one more.
pub(crate) fn schema(published: usize) -> String {
    let mut fields: Vec<(u32, String)> = Vec::new();
    for (at, (_, came)) in PUBLISHED[..=published].iter().enumerate() {
        for (name, ty, offset) in *came {
            let since = if at == 0 { String::new() } else { format!(", since = {}", at + 1) };
            fields.push((
                *offset,
                format!("  {{ name = \"{name}\", type = \"{ty}\", offset = {offset}{since} }},\n"),
            ));
        }
    }
    fields.sort();
    let fields: String = fields.into_iter().map(|(_, field)| field).collect();
    let version = published + 1;
    format!("[schema]\nname = \"perf\"\nversion = {version}\n\n[record.Attr]\nfields = [\n{fields}]\n")
}

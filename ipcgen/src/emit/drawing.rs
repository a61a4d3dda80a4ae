//! What `ipcgen layout --format svg` prints: records as drawings for documents, eight bytes in a row. Relies on the model.
//! Every number is whole and every font the viewer's own, so that the same schema gives the same bytes.

use std::fmt::Write;

use crate::model::{Element, Member, Model, Record};

/// Bytes in a row.
const ROW: u32 = 8;
const ROWS_IN_LINE: u32 = 64 / ROW;
/// Pixels of a byte, of a row, and of what stands beside and above.
const BYTE: u32 = 72;
const HEIGHT: u32 = 26;
const LEFT: u32 = 72;
const RIGHT: u32 = 110;
const HEAD: u32 = 52;
/// Pixels of a character; what is longer than its box is cut.
const CHARACTER: u32 = 8;
/// Whole rows of one field beyond are drawn as so many.
const MAX_ROWS: u32 = 32;
const KEPT_ROWS: u32 = 4;

const STYLE: &str = "<style>
text { font: 13px monospace; fill: #1b1f24 }
.name { font-weight: bold; font-size: 15px }
.facts, .offset, .line { fill: #59636e; font-size: 12px }
.offset { text-anchor: end }
.label { text-anchor: middle }
rect { stroke: #59636e }
.value { fill: #dcebfa }
.text { fill: #fdf0cc }
.record { fill: #dff3e1 }
.pad { fill: url(#hole) }
.cut { stroke-dasharray: 2 4 }
.boundary { stroke: #b3261e; stroke-width: 2; stroke-dasharray: 6 3 }
.paper { fill: #ffffff; stroke: none }
</style>
<defs><pattern id=\"hole\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\"><path class=\"paper\" d=\"M0 0h8v8h-8z\"/>\
<path d=\"M-2 2l4 -4M0 8l8 -8M6 10l4 -4\" stroke=\"#c3c9d0\"/></pattern></defs>
";

/// The records of all models, one below the other, as one drawing.
#[must_use]
pub fn svg<'m>(models: impl IntoIterator<Item = &'m Model>) -> String {
    let mut body = String::new();
    let mut y = 0;
    for (model, record) in
        models.into_iter().flat_map(|model| model.own_records().map(move |record| (model, record)))
    {
        y = draw(model, record, y, &mut body);
    }
    let (width, height) = (LEFT + ROW * BYTE + RIGHT, y + HEIGHT);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         {STYLE}<path class=\"paper\" d=\"M0 0h{width}v{height}h-{width}z\"/>\n{body}</svg>\n"
    )
}

/// Draws a record below `top`, and gives where it ends.
fn draw(model: &Model, record: &Record, top: u32, out: &mut String) -> u32 {
    let Record { name, size, align, .. } = record;
    let _ = writeln!(out, "<text class=\"name\" x=\"{LEFT}\" y=\"{}\">{name}</text>", top + 26);
    let facts = format!("{size} bytes, aligned to {align}; layout {:016x}", record.layout_id);
    let _ = writeln!(out, "<text class=\"facts\" x=\"{LEFT}\" y=\"{}\">{facts}</text>", top + 43);
    let mut scale = Scale { top: top + HEAD, cuts: Vec::new() };
    for member in &record.members {
        let boxed = Boxed::new(model, member);
        boxed.draw(&mut scale, out);
    }
    let rows = size.div_ceil(ROW);
    let mut next = 0;
    while next < rows {
        let row = next;
        next = scale.behind(row);
        let y = scale.y(row);
        if next > row + 1 {
            // Of the boundaries that are left out, the last is told.
            let (line, x) = ((next - 1) / ROWS_IN_LINE, LEFT + ROW * BYTE + 8);
            let y = y + KEPT_ROWS * HEIGHT - 9;
            let _ = writeln!(out, "<text class=\"line\" x=\"{x}\" y=\"{y}\">… to line {line}</text>");
        }
        let _ =
            writeln!(out, "<text class=\"offset\" x=\"{}\" y=\"{}\">{}</text>", LEFT - 8, y + 17, row * ROW);
        if row % ROWS_IN_LINE == 0 {
            let (end, line) = (LEFT + ROW * BYTE, row / ROWS_IN_LINE);
            let _ = writeln!(out, "<path class=\"boundary\" d=\"M{LEFT} {y}H{}\"/>", end + RIGHT - 8);
            let _ = writeln!(
                out,
                "<text class=\"line\" x=\"{}\" y=\"{}\">cache line {line}</text>",
                end + 8,
                y + 17
            );
        }
    }
    scale.y(rows)
}

/// Where rows are. Rows in the middle of a long field are left out.
struct Scale {
    top: u32,
    /// In rising order.
    cuts: Vec<Cut>,
}

/// Rows of which only [`KEPT_ROWS`] are drawn.
struct Cut {
    first: u32,
    end: u32,
    /// Rows that are left out up to its end.
    left_out: u32,
}

impl Scale {
    fn cut(&mut self, first: u32, rows: u32) {
        let before = self.cuts.last().map_or(0, |cut| cut.left_out);
        self.cuts.push(Cut { first, end: first + rows, left_out: before + rows - KEPT_ROWS });
    }

    /// Where a row begins that is drawn.
    fn y(&self, row: u32) -> u32 {
        let before = self.cuts.partition_point(|cut| cut.first < row);
        let left_out = before.checked_sub(1).map_or(0, |at| self.cuts[at].left_out);
        self.top + (row - left_out) * HEIGHT
    }

    /// The next row that is drawn.
    fn behind(&self, row: u32) -> u32 {
        let at = self.cuts.partition_point(|cut| cut.end <= row);
        self.cuts.get(at).filter(|cut| cut.first == row).map_or(row + 1, |cut| cut.end)
    }
}

/// A member, and what is written into its boxes.
struct Boxed {
    class: &'static str,
    name: String,
    ty: String,
    /// What a pointing device shows.
    title: String,
    offset: u32,
    size: u32,
}

impl Boxed {
    fn new(model: &Model, member: &Member) -> Self {
        match member {
            Member::Pad(pad) => Self {
                class: "pad",
                name: pad.name.clone(),
                ty: format!("[u8; {}]", pad.size),
                title: "padding, always zero".to_owned(),
                offset: pad.offset,
                size: pad.size,
            },
            Member::Field(field) => Self {
                class: match field.ty.element {
                    Element::Scalar(_) | Element::Enum(_) => "value",
                    Element::Char => "text",
                    Element::Record(_) => "record",
                },
                name: field.name.clone(),
                ty: model.type_name(&field.ty),
                title: [field.unit.as_deref().unwrap_or_default(), &field.doc].join("\n").trim().to_owned(),
                offset: field.offset,
                size: field.size,
            },
        }
    }

    /// Draws up to three boxes: the end of a row, whole rows, the beginning of a row.
    fn draw(&self, scale: &mut Scale, out: &mut String) {
        let end = self.offset + self.size;
        let (first_whole, last_whole) = (self.offset.next_multiple_of(ROW), end - end % ROW);
        let mut spans = Vec::new();
        if first_whole >= end || first_whole > last_whole {
            spans.push((self.offset, end));
        } else {
            spans.extend([(self.offset, first_whole), (first_whole, last_whole), (last_whole, end)]);
        }
        // Of two boxes of a row's parts, one goes up to the row's end.
        spans.retain(|(start, end)| start < end);
        let widest = spans.iter().map(|&(start, end)| (end - start).min(ROW)).max().unwrap_or(0);
        let labelled = spans.iter().position(|&(start, end)| (end - start).min(ROW) == widest);
        let (name, ty, size) = (&self.name, &self.ty, self.size);
        let plural = if size == 1 { "" } else { "s" };
        let title = format!("{name}: {ty} at {}, {size} byte{plural}\n{}", self.offset, self.title);
        for (at, &(start, end)) in spans.iter().enumerate() {
            let whole_rows = (end - start) / ROW;
            if whole_rows > MAX_ROWS {
                scale.cut(start / ROW, whole_rows);
            }
            let x = LEFT + start % ROW * BYTE;
            let width = (end - start).min(ROW) * BYTE;
            let y = scale.y(start / ROW);
            let height = scale.y(end.div_ceil(ROW)) - y;
            let class =
                if whole_rows > MAX_ROWS { format!("{} cut", self.class) } else { self.class.to_owned() };
            let _ = writeln!(
                out,
                "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"><title>{}</title></rect>",
                escaped(title.trim_end())
            );
            if labelled == Some(at) {
                let label = self.label(width, whole_rows > MAX_ROWS);
                let (x, y) = (x + width / 2, y + height / 2 + 5);
                let _ = writeln!(out, "<text class=\"label\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(&label));
            }
        }
    }

    /// As much of name and type as fits.
    fn label(&self, width: u32, is_cut: bool) -> String {
        let room = usize::try_from(width / CHARACTER).unwrap_or(usize::MAX).saturating_sub(1);
        let Self { name, ty, size, .. } = self;
        let long = if is_cut { format!("{name}: {ty}, {size} bytes") } else { format!("{name}: {ty}") };
        [long, name.clone()].into_iter().find(|label| label.len() <= room).unwrap_or_else(|| {
            let start: String = name.chars().take(room.saturating_sub(1)).collect();
            start + "…"
        })
    }
}

/// Text in XML. Texts of schemas hold no control characters but line ends and tabs.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

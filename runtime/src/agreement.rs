//! Whether the record in a segment is this program's, or one that it can read. Relies on `table` for the description and on
//! the layout crate for the verdict; `docs/FORMAT.md` has it in words.

use shmrecord_layout::describe::Description;
use shmrecord_layout::{RecordLayout, compat};

use crate::error::{At, ErrorKind, Result};
use crate::table::Table;
use crate::view::View;

/// How records in this table are read as ones of this layout. `None`: as they are, for they are of it, in layout and in
/// meaning. Only who accepts `grown` records gets anything else than an error.
pub(crate) fn check(
    at: &At<'_>,
    layout: &RecordLayout<'_>,
    table: &Table,
    grown: bool,
) -> Result<Option<View>> {
    let header = table.header();
    if header.is_of(layout) {
        return Ok(None);
    }
    let corrupt = |what| at.error(ErrorKind::DescriptionCorrupt).detail(what);
    let segment = table.description().map_err(corrupt)?;
    let here = Description::of(layout);
    let words = if grown {
        header.check_described(segment.root()).map_err(corrupt)?;
        match compat::common_fields(&segment, &here) {
            Ok(common) => return Ok(Some(View::new(layout, common, table.words()))),
            Err(words) => words,
        }
    } else {
        compat::first_difference(&segment, &here).unwrap_or_else(|| {
            format!("schema {:016x} in the segment, {:016x} here", header.schema_id, layout.schema_id)
        })
    };
    let kind = ErrorKind::LayoutMismatch { expected: layout.schema_id, found: header.schema_id };
    Err(at.error(kind).detail(words))
}

//! How a record is read as one that has grown out of it, or that it has grown out of. Relies on the layout crate for where
//! fields are; knows no segment: whether a record may be read so is `agreement`'s to say.

use std::ops::Range;

use shmrecord_layout::{FieldLayout, RecordLayout};

/// The reader's record seen through what the segment's has of it.
///
/// Its offsets are the reader's own. What the segment holds beside the fields that both have never shows: the writer's may
/// be a field in a hole, or in what is reserved here.
#[derive(Debug)]
pub(crate) struct View {
    /// Which of the reader's fields the segment's record has, by their places in its declaration.
    fields: Vec<usize>,
    /// Words that are copied: as many as both records have.
    words: usize,
    /// Bytes of the reader's record that belong to none of those fields in those words, in ascending order.
    gaps: Vec<Range<usize>>,
    /// What the reader's record has in its gaps.
    lacking: Vec<u8>,
}

impl View {
    /// Of a record with this layout, of which these fields lie in a cell of `cell_words` words.
    pub(crate) fn new(layout: &RecordLayout<'_>, fields: Vec<usize>, cell_words: usize) -> Self {
        let size = layout.size as usize;
        let words = cell_words.min(size.div_ceil(8));
        // What lies behind the words is in a gap, whatever the fields: nobody else gives it a value.
        let copied = size.min(8 * words);
        let mut spans: Vec<Range<usize>> = fields
            .iter()
            .map(|&at| {
                let field = &layout.fields[at];
                let start = field.offset as usize;
                let bytes = field.ty.size().and_then(|bytes| usize::try_from(bytes).ok());
                let end = start + bytes.expect("a field lies in its record, whose size is an u32");
                start.min(copied)..end.min(copied)
            })
            .collect();
        spans.sort_unstable_by_key(|span| span.start);
        spans.push(size..size);
        let mut gaps = Vec::new();
        let mut end = 0;
        for span in spans {
            if end < span.start {
                gaps.push(end..span.start);
            }
            end = span.end;
        }
        let mut lacking = vec![0; size];
        let absent = layout.fields.iter().enumerate().filter(|(at, _)| !fields.contains(at));
        absent.for_each(|(_, field)| put_null(field, &mut lacking));
        Self { fields, words, gaps, lacking }
    }

    /// Whether the segment's record has this one of the reader's fields, by its place in the declaration.
    pub(crate) fn has(&self, field: usize) -> bool {
        self.fields.contains(&field)
    }

    /// Words to be copied, at most those of the reader's record.
    pub(crate) fn words(&self) -> usize {
        self.words
    }

    /// Which bytes of the reader's record were not copied, or are in no field of both, and what they are then: the `null` of a
    /// field that the segment's lacks, otherwise zeros.
    pub(crate) fn gaps(&self) -> impl Iterator<Item = (Range<usize>, &[u8])> {
        self.gaps.iter().map(|gap| (gap.clone(), &self.lacking[gap.clone()]))
    }
}

/// Stores the number that stands for "no value" in each element of a field that has one, in the bytes of its record; also in
/// those of records inside it.
fn put_null(field: &FieldLayout<'_>, record: &mut [u8]) {
    let count = field.ty.shape().iter().product::<u32>() as usize;
    let elements = record[field.offset as usize..].chunks_exact_mut(field.ty.elem_size as usize);
    for element in elements.take(count) {
        if let Some(null) = field.null {
            null.put_le_bytes(field.ty.kind, element);
        }
        for inner in field.ty.nested.map_or(&[][..], |nested| nested.fields) {
            put_null(inner, element);
        }
    }
}

#[cfg(test)]
mod tests {
    use shmrecord_layout::{FieldLayout, FieldType, Kind, Number, RecordLayout};

    use super::View;

    /// What becomes of a record of which the segment's has these fields, in so many words.
    fn read(layout: &RecordLayout<'_>, fields: &[usize], cell_words: usize) -> Vec<u8> {
        let view = View::new(layout, fields.into(), cell_words);
        let mut bytes = vec![b'?'; layout.size as usize];
        let copied = bytes.len().min(8 * view.words());
        bytes[..copied].fill(b'x');
        view.gaps().for_each(|(gap, lacking)| bytes[gap].copy_from_slice(lacking));
        bytes
    }

    /// Which bytes are copied; the others are zeros.
    fn kept(layout: &RecordLayout<'_>, fields: &[usize], cell_words: usize) -> String {
        let shown = |byte| if byte == 0 { '.' } else { char::from(byte) };
        read(layout, fields, cell_words).into_iter().map(shown).collect()
    }

    #[test]
    fn what_is_lacking_is_its_null() {
        let scalar = |kind| FieldType::scalar(kind).unwrap();
        let null = |kind, value| Number::integer(kind, value);
        let inner = [
            FieldLayout { null: null(Kind::I16, -2), ..FieldLayout::new("a", scalar(Kind::I16), 0) },
            FieldLayout::new("b", scalar(Kind::U16), 2),
        ];
        let inner = RecordLayout::new("Inner", 4, 2, &inner, "");
        let fields = [
            FieldLayout { null: null(Kind::U8, 7), ..FieldLayout::new("common", scalar(Kind::U8), 0) },
            FieldLayout {
                null: null(Kind::U8, 9),
                ..FieldLayout::new("late", scalar(Kind::U8).array_of(3).unwrap(), 2)
            },
            FieldLayout::new("inner", FieldType::record(&inner).array_of(2).unwrap(), 8),
        ];
        let layout = RecordLayout::new("Grown", 16, 2, &fields, "");
        let expected = [b'x', 0, 9, 9, 9, 0, 0, 0, 0xfe, 0xff, 0, 0, 0xfe, 0xff, 0, 0];
        assert_eq!(read(&layout, &[0], 1), expected, "8 bytes in the segment");
        assert_eq!(read(&layout, &[0], 2), expected, "something else is there in the segment");
    }

    #[test]
    fn only_bytes_of_fields_that_both_have_are_kept() {
        let scalar = |name, kind, offset| FieldLayout::new(name, FieldType::scalar(kind).unwrap(), offset);
        let fields = [
            scalar("early", Kind::U32, 0),
            scalar("in_a_hole", Kind::U8, 5),
            scalar("late", Kind::U16, 10),
            scalar("appended", Kind::U8, 16),
        ];
        let layout = RecordLayout::new("Grown", 20, 4, &fields, "");
        assert_eq!(kept(&layout, &[2], 2), "..........xx........");
        assert_eq!(kept(&layout, &[0, 2], 2), "xxxx......xx........");
        assert_eq!(kept(&layout, &[0, 1, 2], 2), "xxxx.x....xx........", "16 bytes in the segment");
        assert_eq!(kept(&layout, &[0, 1, 2], 9), "xxxx.x....xx........", "72 bytes in the segment");
        assert_eq!(kept(&layout, &[0, 1, 2, 3], 3), "xxxx.x....xx....x...");
        assert_eq!(
            kept(&layout, &[0, 1, 2, 3], 2),
            "xxxx.x....xx........",
            "nothing behind the copy is left open"
        );
    }
}

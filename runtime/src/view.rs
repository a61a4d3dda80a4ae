//! How a record is read as one that has grown out of it, or that it has grown out of. Relies on the layout crate for where
//! fields are; knows no segment: whether a record may be read so is `agreement`'s to say.

use std::ops::Range;

use shmrecord_layout::RecordLayout;

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
        Self { fields, words, gaps }
    }

    /// Whether the segment's record has this one of the reader's fields, by its place in the declaration.
    pub(crate) fn has(&self, field: usize) -> bool {
        self.fields.contains(&field)
    }

    /// Words to be copied, at most those of the reader's record.
    pub(crate) fn words(&self) -> usize {
        self.words
    }

    /// Bytes of the reader's record that are to be zeros: those that were not copied, and those in no field of both.
    pub(crate) fn gaps(&self) -> &[Range<usize>] {
        &self.gaps
    }
}

#[cfg(test)]
mod tests {
    use shmrecord_layout::{FieldLayout, FieldType, Kind, RecordLayout};

    use super::View;

    /// Which bytes of a record are copied of which the segment's has these fields, in so many words.
    fn kept(layout: &RecordLayout<'_>, fields: &[usize], cell_words: usize) -> String {
        let view = View::new(layout, fields.into(), cell_words);
        let mut bytes = vec!['?'; layout.size as usize];
        let copied = bytes.len().min(8 * view.words());
        bytes[..copied].fill('x');
        view.gaps().iter().for_each(|gap| bytes[gap.clone()].fill('.'));
        bytes.into_iter().collect()
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

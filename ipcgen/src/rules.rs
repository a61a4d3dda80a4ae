//! Every rule that a schema can break: its code and what `ipcgen explain` says of it. Relies on nothing.

macro_rules! rules {
    ($($name:ident $code:literal $explanation:literal)+) => {
        /// A rule of the schema language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Rule {
            $(#[doc = $explanation] $name,)+
        }

        impl Rule {
            /// Every rule, in the order of the codes.
            pub const ALL: &[Rule] = &[$(Rule::$name),+];

            /// The code, such as `E0301`; warnings begin with `W`.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Rule::$name => $code),+ }
            }

            /// What the rule wants, and the way out.
            #[must_use]
            pub fn explanation(self) -> &'static str {
                match self { $(Rule::$name => $explanation),+ }
            }
        }
    };
}

rules! {
    BadToml "E0101"
    "The file is not valid TOML. Often a bracket, a quote or a comma is missing on the marked line or on the one before.\nSee <https://toml.io> for the language; schemas stay inside TOML 1.0."
    NotUtf8 "E0102"
    "TOML files are UTF-8. Save the file in that encoding; the message says where the first byte stands that breaks it."
    UnknownKey "E0103"
    "A key that means nothing here is an error, so that a misspelt one cannot be ignored.\nThe message lists the keys that this table knows."
    WrongValue "E0104"
    "The value has another type than the key takes, or is none of the words it takes: `size` takes an integer, `doc` a\nstring, `padding` the word \"deny\"."
    MissingKey "E0105"
    "A key that has to be there is missing: `name` in `[schema]`, `name` and `type` in a field. A schema declares at least\none record, enum or constant. A segment says its `address`, `record`, `header` and `guard`."
    TwoFieldForms "E0106"
    "A record's fields are given as `fields = [ ... ]` or as `[[record.X.field]]` tables, not as both: their order would be\nunclear."
    BadType "E0107"
    "A type is a name (`u32`, `Level`) or an array `[T; N]` of a type and a length, which may be nested: `[[u16; 4]; 2]`\nis two rows of four, `x[2][4]` in C. The length is a number or the name of a constant."
    OutOfRange "E0108"
    "The number is outside of the range that the key takes."
    BadText "E0109"
    "Texts go into generated source code. They hold no control characters but line ends and tabs, no characters that turn\nthe direction of writing, and a unit is one line of 1 to 255 bytes."
    BadImport "E0110"
    "`import` lists schema files, by their paths from the folder of the file that imports them. One of them cannot be read:\nthe message says what the system answered."
    ImportCycle "E0111"
    "Schemas cannot import each other, directly or through others, and import at most 32 deep. Move what both need into a\nschema of its own, and import that from both."
    ImportBroken "E0112"
    "A schema that is imported has errors of its own, which are reported at their places in its file."
    BadName "E0201"
    "Names are ASCII: a letter, then letters, digits and single underscores, at most 63 characters (what C promises to\ntell apart). A schema's name is in lower case: it is a prefix in C, a module in Rust and the name of the files, so\nthat it must not be that of a header of the C library or of a module of Python either, nor that of a folder from which\nGo imports nothing. A name that is chosen for Go begins with a capital letter: other packages see nothing else."
    Keyword "E0202"
    "The name is a keyword, or has a meaning of its own, in one of the languages that code is generated for: C, C++, Rust,\nGo, Python; or the type of an enumerator has a method that is called so. A schema that all of them can use avoids it;\nappending an underscore is enough. Where the name is given, it can have another one in a single language:\n`rename = { rust = \"kind\" }`, `c`, `go` or `python`."
    PaddingName "E0203"
    "`_pad0`, `_pad1` and so on, and `_reserved`, name the padding in generated code."
    DuplicateField "E0204"
    "Two fields of a record have the same name."
    SameAfterConversion "E0205"
    "Two names that differ here become one in a generated language: records are written in snake_case in C and in\nUpperCamelCase in Rust, constants in upper case, and Go writes fields in CamelCase. Enumerators are in upper case in C\nand Python and in CamelCase in Go. A segment `quotes` is a constant `QUOTES` in Rust."
    GeneratedName "E0206"
    "The name, as C writes it, is one that is generated for another record, constant or segment. A record `Quote` of the\nschema `md` gives `md_quote`, `md_quote_reader`, `md_quote_open` and more, and the macros `MD_QUOTE_LAYOUT_ID` and\n`MD_QUOTE_SCHEMA_ID`; a constant `DEPTH` gives `MD_DEPTH`; a segment `quotes` gives `md_quotes_foreign`,\n`md_quotes_reader`, `md_quotes_open` and more. In Go every record gets a method `ShmRecord`. Go and\nPython have the types behind an import in the same file."
    PrimitiveName "E0207"
    "A record, an enum or flags cannot have the name of a primitive type."
    NameImported "E0208"
    "A name would mean two things: it is declared here and in an imported schema, or in two imported ones, or two of the\nschemas have the same name and so the same files. A schema is imported once; what it imports itself is not visible here."
    AliasTaken "E0209"
    "`aliases` are names that something had in other versions of the schema. None of them can be the name, or an alias, of\nsomething else beside it."
    UnknownType "E0301"
    "The name is neither a primitive type (u8 u16 u32 u64 i8 i16 i32 i64 f32 f64 bool) nor a record, an enum\nor flags of this schema or of one that it imports.\nText is `[char; N]`. There are no pointers, no usize and no 128-bit integers: they mean different things to different\nprocesses. A segment's `record` is the name of a record."
    Cycle "E0302"
    "A record contains itself, directly or through others, and so would have no end. Refer to the other record by an index\ninstead."
    TooDeep "E0303"
    "Records are nested at most 32 deep."
    ZeroLength "E0304"
    "An array has at least one element."
    NoFields "E0305"
    "A record has at least one field."
    TooLarge "E0306"
    "Fields and records are at most 2^31 bytes, arrays at most 2^31 - 1 elements long."
    TooManyDimensions "E0307"
    "Arrays have at most four dimensions."
    UnknownConstant "E0308"
    "The length of an array is a number or the name of a constant in `[const]`."
    BadLength "E0309"
    "The constant cannot be the length of an array: it is negative or too large."
    BadConstant "E0310"
    "Constants are integers between -2^63 and 2^64 - 1."
    LoneChar "E0311"
    "`char` stands only in `[char; N]`, a text of up to N bytes, padded with NULs. A single byte is `u8`; for several\ntexts make a record with one text and an array of that."
    SizeTooSmall "E0401"
    "`size` reserves room behind the fields; it cannot be less than what they need."
    SizeMisaligned "E0402"
    "`size` is a multiple of the record's alignment, so that an array of records keeps each of them aligned."
    BadAlign "E0403"
    "`align` is a power of two."
    AlignTooSmall "E0404"
    "`align` raises the alignment of a record; it cannot be less than what a field needs."
    OffsetMisaligned "E0405"
    "`offset` is a multiple of the field's alignment: compilers could not place it there."
    OffsetTaken "E0406"
    "`offset` lies before the end of the field in front. Fields do not overlap, and they are declared in the order of\ntheir offsets."
    PaddingDenied "E0407"
    "The record says `padding = \"deny\"`, and the compiler would insert padding. Order the fields so that large alignments\ncome first, or fill the hole with a field of its own."
    BadRepr "E0501"
    "`repr` is the integer type that an enum is in memory: u8 u16 u32 u64 i8 i16 i32 i64. Flags are bits and have no sign:\nu8 u16 u32 u64."
    BadValue "E0502"
    "The value of an enumerator is an integer, or one printable ASCII character in quotes where `repr` is u8 or i8. That of\na flag is the number of its bit. Either may stand in a table: `Bid = { value = \"B\", doc = \"...\" }`,\n`STALE = { bit = 1, doc = \"...\" }`."
    ValueTooLarge "E0503"
    "The value does not fit into the enum's `repr`."
    DuplicateValue "E0504"
    "Two enumerators have the same value. If that is meant, the later one says so: `{ value = 1, alias = true }`; the first\none is then the name that is shown. An alias of nothing is an error too."
    BadBit "E0505"
    "A flag is the number of its bit, 0 for the lowest; the last one is 7, 15, 31 or 63, by `repr`."
    DuplicateBit "E0506"
    "Two flags are the same bit."
    NoValues "E0507"
    "An enum or flags name at least one value."
    NullTaken "E0508"
    "`null` is a number that means that there is no value, and it is a value as well: it lies between `min` and `max`, is\nan enumerator, or a set of known flags. In a closed enum nothing but its values can be stored: give one of them the\nmeaning."
    BadLimit "E0601"
    "`null`, `min` and `max` are numbers that an element of the field can be. `null` may be \"min\" or \"max\", the least or the\ngreatest integer of the type, or \"nan\" for floats. Enums and flags take a `null` only; `bool`, text and records\nnothing of it."
    BadExponent "E0602"
    "`exp` says that the integers of a field count units of ten to that power: with -9, 1 means a billionth. Floats have an\nexponent of their own, enums are no numbers, and `time` says what is counted by itself."
    BadTime "E0603"
    "`time` says that the integers of a field are moments: u64 or i64. Of 32 bits are seconds since 1970 only, as older\nprograms have them; they end in 2038 or in 2106."
    UnknownTime "E0604"
    "`time` is one of unix_s, unix_ms, unix_us and unix_ns, which count from the start of 1970, and monotonic_ns, the clock\nthat starts when the machine does."
    EmptyRange "E0605"
    "`min` is more than `max`, so that no number would be right."
    FutureVersion "E0701"
    "`since` and `deprecated` name a version of this schema, up to the one in `[schema]`; a field is not out of use before it\nis there. Raise `version` with each change."
    FieldInserted "E0702"
    "A new field stands behind all older ones: programs that were built before it know the record up to there. `since`\ndecreases from field to field only where the newer one lies in a hole, so that the older one behind it has not moved."
    NoZero "E0703"
    "Where an older program wrote the record, newer ones read zeros in the fields that it did not know. A closed enum that\nis added later needs a name for 0, also inside a nested record."
    UnknownField "E0704"
    "What `deprecated = { since = ..., use = \"...\" }` names is another field of the same record."
    FieldRemoved "E0711"
    "A field of an earlier version is gone. Programs of that version read its bytes. Keep it, say `deprecated = N`, and the\nbytes stay while nobody new uses them."
    FieldMoved "E0712"
    "A field is elsewhere in the record than in an earlier version, where programs of that version look for it. Fields keep\ntheir order; new ones stand behind them, or in a hole, pinned with `offset`."
    FieldRetyped "E0713"
    "A field holds something else than in an earlier version: another type, other lengths. Keep it with `deprecated = N`, and\nadd a field of the new type with `since = N`."
    FieldRedefined "E0714"
    "The numbers of a field mean something else than in an earlier version: `unit`, `exp`, `time` or `null` differ. Programs\nof that version would take dollars for cents. Keep the field with `deprecated = N`, and add one with the new meaning."
    FieldUndated "E0715"
    "A field that an earlier version does not have says since when it is there: `since = N`, a version later than that one.\nOnly then do programs know that what an older one wrote has no value in it. A field that was there before is no newer\nthan that."
    NestedGrown "E0716"
    "A field holds a record that has grown, or shrunk, since an earlier version. A table of that record itself may; inside\nanother record it may not, not even within its `size`: programs take the whole for one thing. Add a field with the new\nrecord beside the old one, or declare the record again, under another name."
    RecordRemoved "E0717"
    "A record of an earlier version is gone, and tables of it may be in use. Keep it. If it has another name now, the new one\nsays so: `aliases = [\"Old\"]`."
    RecordRealigned "E0718"
    "The alignment of a record is another one than in an earlier version, and none of its new fields needs that. Programs have\nit compiled into their own structs and arrays. Say `align` as it was."
    Renamed "E0719"
    "Something has the bytes that it had in an earlier version, and another name. If it means the same, say so:\n`aliases = [\"old\"]`. Programs of the two versions agree on the layout then, but do not attach to each other's tables,\nwhich names are part of. If it means something else, it is a new field: keep the old one."
    EnumChanged "E0720"
    "An enum or flags are of another type in memory than in an earlier version, or open where they were closed, or the other\nway round. Declare a new one beside it."
    ValueRemoved "E0721"
    "A name that an enum or flags had in an earlier version is gone, and its number may still be stored. Keep it; one that has\nanother name now says so: `{ value = 1, aliases = [\"Old\"] }`."
    ValueMoved "E0722"
    "A name stands for another number, or another bit, than in an earlier version, whose programs would take one for the\nother. Give it back its number; a new meaning has a name of its own."
    ClosedGrown "E0723"
    "A closed enum has a value that an earlier version does not have. Programs of that version cannot read a record that\nholds it, and do not attach. Leave `closed` out from the start where values may come, or declare a new enum."
    NotBumped "E0724"
    "The schema is not what it was, and has the same version. `version` in `[schema]` tells programs, and `since`, which one is\nmeant: raise it with each change, and lock what was built with `ipcgen lock`."
    LockDamaged "E0725"
    "A lock file says things that cannot be true together, or is of another schema or of another ipcgen. It is written by\n`ipcgen lock` and not by hand: take the file from version control. A version that no program runs any more may be\ntaken out as a whole."
    BadAddress "E0801"
    "A segment is at `posix:/name`, `file:/path`, `sysv:KEY` or `memfd:NAME`. The name of a POSIX segment, or of a POSIX\nsemaphore, is a slash and then no further one; a path ends in the name of a file."
    BadKey "E0802"
    "A System V key is a number from 1 to 2^32 - 1, decimal or behind 0x, or `ftok(/path,7)`, which is what ftok(3) makes of\nthat file and a number from 1 to 255. Key 0 is IPC_PRIVATE, which names nothing; a leading 0 would be octal in C."
    BadGuard "E0803"
    "How the other program guards its records is said in one of four ways:\n`{ kind = \"sysv\", key = 0x1234, index = 0 }`, a semaphore of a System V set;\n`{ posix = \"/name\" }`, a semaphore of sem_open;\n`{ seqcount = { offset = 8, width = 32 } }`, a counter that is odd while its writer writes, at that offset in the\nsegment, or with `per_record = true` one for each record, of which that is record 0's, and a `stride` later the next;\n`\"none\"`: reads may see half of a write."
    BadMode "E0804"
    "Permission bits are written as they are everywhere, in octal: 0o600, the owner's, and others on top, up to 0o777. With\nthe bit 0o002 a segment that everybody may write is accepted."
    SegmentMisaligned "E0805"
    "`offset` and `stride` of a segment are multiples of the record's alignment, so that each record is aligned. What another\ncompiler packed is declared with fields of bytes: `[u8; 8]`."
    StrideTooSmall "E0806"
    "`stride` is the way from one record to the next; it cannot be less than the record's size."
    SegmentTooLarge "E0807"
    "A segment ends before byte 2^63: no system makes a larger one."
    CounterMisaligned "E0808"
    "A counter is read and written as one word, and so stands at a multiple of its width: 4 bytes with `width = 32`, 8 with\n`width = 64`. With `per_record` there is one at every `stride`, which then is such a multiple too."
    CounterTaken "E0809"
    "A counter for all records lies in front of record 0 or behind the last one. With `per_record` it lies between\nrecords, in the room that `stride` leaves: in front of each record or behind it. It is no field of the record."
    Hole "W0401"
    "The record has padding that another order of its fields would remove, and it would become smaller. Reorder the\nfields, or pin them with `offset`, which says that the place is meant. Records that have grown (`since`) keep their order."
    ZerosUnreadable "W0501"
    "A record that was never written is zeros. A closed enum without a name for 0 makes it one that cannot be read, and no\nsnapshot that it is in can be taken. Give the enum a name for 0 (`None = 0`), or leave `closed` out."
    NoReplacement "W0701"
    "A field is out of use, and who uses it is not told what to use instead. Say so:\n`deprecated = { since = 2, use = \"other_field\" }`."
}

impl Rule {
    /// The rule with this code, in either case.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.code().eq_ignore_ascii_case(code))
    }

    /// The rules of the same group as a code that nothing has, such as those of types for `E0399`; all, when there are none.
    #[must_use]
    pub fn beside(code: &str) -> Vec<Self> {
        let group = |code: &str| code.get(..3).map(str::to_ascii_uppercase);
        let beside = |rule: &Self| group(rule.code()) == group(code);
        let rules: Vec<Self> = Self::ALL.iter().copied().filter(beside).collect();
        if rules.is_empty() { Self::ALL.to_vec() } else { rules }
    }

    /// Whether breaking it is no error.
    #[must_use]
    pub fn is_warning(self) -> bool {
        self.code().starts_with('W')
    }

    /// Whether names are unknown because of it.
    pub(crate) fn hides_names(self) -> bool {
        matches!(self, Self::BadImport | Self::ImportCycle | Self::ImportBroken)
    }

    /// Whether it can seem broken only because a line with a TOML error hides what is asked for.
    pub(crate) fn is_absence(self) -> bool {
        matches!(
            self,
            Self::MissingKey
                | Self::UnknownType
                | Self::UnknownConstant
                | Self::NoFields
                | Self::PaddingDenied
                | Self::NoValues
                | Self::NoZero
                | Self::ZerosUnreadable
                | Self::UnknownField
                | Self::CounterMisaligned
                | Self::CounterTaken
                | Self::Hole
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;

    #[test]
    fn codes_rise_and_lead_back_to_their_rules() {
        assert!(Rule::ALL.windows(2).all(|pair| pair[0].code() < pair[1].code()));
        for &rule in Rule::ALL {
            assert_eq!(Rule::from_code(&rule.code().to_lowercase()), Some(rule));
            assert!(rule.explanation().ends_with('.'), "{}", rule.code());
        }
        assert_eq!(Rule::from_code("E9999"), None);
        assert!(Rule::beside("e0399").iter().all(|rule| rule.code().starts_with("E03")));
        assert!(["E99", "", "é", "301"].iter().all(|code| Rule::beside(code).len() == Rule::ALL.len()));
    }
}

//! The debugging sections of an ELF file, decompressed and relocated. Relies on `object` for the format and `miniz_oxide`
//! for zlib; does not know what the sections hold.

use std::borrow::Cow;

use gimli::{DwarfSections, SectionId};
use object::elf::SHF_GROUP;
use object::read::elf::ElfFile64;
use object::{
    CompressionFormat, Endianness, FileKind, Object, ObjectKind, ObjectSection, ObjectSymbol, RelocationKind,
    RelocationTarget, SectionFlags,
};

use super::fault::Fault;

/// What zlib makes of one byte at most is 1032; more is a lie.
const MAX_RATIO: usize = 1100;

/// The sections of a file.
pub(super) struct Sections<'f> {
    pub(super) dwarf: DwarfSections<Cow<'f, [u8]>>,
    /// Whether they are those of a `.dwo` file.
    pub(super) split: bool,
}

/// Reads the debugging sections of a file.
pub(super) fn sections(bytes: &[u8]) -> Result<Sections<'_>, Fault> {
    match FileKind::parse(bytes) {
        Ok(FileKind::Elf64) => {}
        Ok(FileKind::Elf32) => {
            return Err(Fault::unusable("the file is for a 32-bit machine").help(ONLY_64_BITS));
        }
        _ => {
            return Err(Fault::unusable("the file is no ELF file")
                .help("give a program, a library or an object file that was compiled with -g"));
        }
    }
    let file: ElfFile64<'_, Endianness> = ElfFile64::parse(bytes)
        .map_err(|error| Fault::unusable(format!("the ELF file is damaged: {error}")))?;
    if !file.is_little_endian() {
        return Err(Fault::unusable("the file is for a big-endian machine").help(ONLY_64_BITS));
    }
    let load = |name: Option<&str>| name.map_or(Ok(Cow::default()), |name| section(&file, name));
    let has = |id: SectionId| file.section_by_name(id.name()).is_some();
    if has(SectionId::DebugInfo) || has(SectionId::DebugTypes) {
        return Ok(Sections { dwarf: DwarfSections::load(|id| load(Some(id.name())))?, split: false });
    }
    if has(SectionId::DebugCuIndex) {
        let fault = Fault::unusable("the file is a package of split debugging information");
        return Err(fault
            .help("give the .dwo file that the struct is in, or a program compiled without -gsplit-dwarf"));
    }
    if SectionId::DebugInfo.dwo_name().is_some_and(|name| file.section_by_name(name).is_some()) {
        return Ok(Sections { dwarf: DwarfSections::load(|id| load(id.dwo_name()))?, split: true });
    }
    let fault = Fault::unusable("the file has no debugging information");
    Err(match file.gnu_debuglink() {
        Ok(Some((name, _))) => {
            let name = super::printable(name);
            fault.help(format!("it was moved to `{name}`: give that file, or compile with -g"))
        }
        _ => fault.help("compile with -g, and give the file that was not stripped"),
    })
}

const ONLY_64_BITS: &str = "records are laid out for 64-bit little-endian machines: compile for one";

type File<'f> = ElfFile64<'f, Endianness>;

/// The bytes of the sections of this name; none when there is none. Object files have several with types, of which the
/// linker keeps one of each group; what refers to a place refers to the section outside of all groups.
fn section<'f>(file: &File<'f>, name: &str) -> Result<Cow<'f, [u8]>, Fault> {
    let Some(first) = file.section_by_name(name) else { return Ok(Cow::default()) };
    if file.kind() != ObjectKind::Relocatable {
        return contents(file, &first, name);
    }
    let (grouped, alone): (Vec<_>, Vec<_>) = file.sections().filter(|section| section.name() == Ok(name)).partition(
        |section| matches!(section.flags(), SectionFlags::Elf { sh_flags, .. } if sh_flags.contains(SHF_GROUP)),
    );
    if alone.is_empty() && grouped.is_empty() {
        // An older form of compression has names of its own.
        return contents(file, &first, name);
    }
    let mut all = Vec::new();
    for section in alone.iter().chain(&grouped) {
        all.extend_from_slice(&contents(file, section, name)?);
    }
    Ok(Cow::Owned(all))
}

/// A section's bytes.
fn contents<'f>(
    file: &File<'f>,
    section: &impl ObjectSection<'f>,
    name: &str,
) -> Result<Cow<'f, [u8]>, Fault> {
    let damaged =
        |words: &dyn std::fmt::Display| Fault::unusable(format!("the section `{name}` is damaged: {words}"));
    let stored = section.compressed_data().map_err(|error| damaged(&error))?;
    let mut bytes = match stored.format {
        CompressionFormat::None => Cow::Borrowed(stored.data),
        CompressionFormat::Zlib => {
            let limit = stored.data.len().saturating_mul(MAX_RATIO);
            let limit = usize::try_from(stored.uncompressed_size).unwrap_or(limit).min(limit);
            let bytes = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(stored.data, limit);
            Cow::Owned(bytes.map_err(|error| damaged(&error))?)
        }
        _ => {
            let fault = Fault::unusable(format!("the section `{name}` is not compressed with zlib"));
            return Err(fault.help("decompress it: `objcopy --decompress-debug-sections FILE COPY`"));
        }
    };
    // In a linked file all is in place, although it may carry the relocations still.
    if file.kind() == ObjectKind::Relocatable {
        relocate(file, section, &mut bytes);
    }
    Ok(bytes)
}

/// Puts addresses and offsets where the linker would. What is no plain number is about code, which nobody asks for here.
fn relocate<'f>(file: &File<'f>, section: &impl ObjectSection<'f>, bytes: &mut Cow<'_, [u8]>) {
    for (at, relocation) in section.relocations() {
        if relocation.kind() != RelocationKind::Absolute {
            continue;
        }
        let base = match relocation.target() {
            RelocationTarget::Symbol(symbol) => {
                file.symbol_by_index(symbol).map_or(0, |symbol| symbol.address())
            }
            _ => 0,
        };
        let value = base.wrapping_add_signed(relocation.addend()).to_le_bytes();
        let width = usize::from(relocation.size() / 8);
        let Some(value) = value.get(..width) else { continue };
        let Ok(start) = usize::try_from(at) else { continue };
        if let Some(place) = start.checked_add(width).and_then(|end| bytes.to_mut().get_mut(start..end)) {
            place.copy_from_slice(value);
        }
    }
}

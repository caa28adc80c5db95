//! Searches for planted words in the bytes of files: plain, in base64 at every alignment, in hex, in UTF-16, and inside
//! anything that is compressed.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};

/// A word that was found where it should not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What the word is.
    pub word: String,
    /// In which form.
    pub form: &'static str,
    /// Where.
    pub file: PathBuf,
}

const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Every form in which a word may hide.
pub fn forms(word: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mut forms = vec![
        ("plain", word.to_vec()),
        ("hex", HEXLOWER.encode(word).into_bytes()),
        ("hex", HEXUPPER.encode(word).into_bytes()),
    ];
    if let Ok(text) = std::str::from_utf8(word) {
        forms.push(("utf-16le", text.encode_utf16().flat_map(u16::to_le_bytes).collect()));
        forms.push(("utf-16be", text.encode_utf16().flat_map(u16::to_be_bytes).collect()));
    }
    for shift in 0..3 {
        // What stands before and behind the word colours the first and the last characters: those are left out.
        let mut shifted = vec![0; shift];
        shifted.extend(word);
        let from = (shift * 8).div_ceil(6);
        let to = shifted.len() * 8 / 6;
        for encoded in [BASE64.encode(&shifted), BASE64URL_NOPAD.encode(&shifted)] {
            if let Some(inner) = encoded.get(from..to).filter(|inner| inner.len() >= 8) {
                forms.push(("base64", inner.as_bytes().to_vec()));
            }
        }
    }
    forms
}

/// Looks for every word in every file below these folders. Answers the findings and how many files were read.
pub fn search(places: &[&Path], words: &[(&str, Vec<u8>)]) -> (Vec<Finding>, usize) {
    let wanted: Vec<_> = words
        .iter()
        .flat_map(|(name, word)| forms(word).into_iter().map(move |(form, bytes)| (*name, form, bytes)))
        .collect();
    let mut files = Vec::new();
    for place in places {
        collect(place, &mut files);
    }
    let mut findings = Vec::new();
    for file in &files {
        let bytes = std::fs::read(file).unwrap();
        let mut texts = unpacked(&bytes);
        texts.push(bytes);
        for (name, form, wanted) in &wanted {
            if texts.iter().any(|text| memchr::memmem::find(text, wanted).is_some()) {
                findings.push(Finding { word: (*name).to_owned(), form, file: file.clone() });
            }
        }
    }
    (findings, files.len())
}

fn collect(place: &Path, files: &mut Vec<PathBuf>) {
    if place.is_file() {
        files.push(place.to_owned());
        return;
    }
    for entry in std::fs::read_dir(place).unwrap() {
        collect(&entry.unwrap().path(), files);
    }
}

/// Everything in these bytes that begins as a compressed frame does, unpacked as far as it goes.
fn unpacked(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    for start in memchr::memmem::find_iter(bytes, &ZSTD) {
        let mut text = Vec::new();
        if let Ok(decoder) = zstd::stream::read::Decoder::new(&bytes[start..]) {
            let _ = decoder.single_frame().take(64 << 20).read_to_end(&mut text);
        }
        texts.push(text);
    }
    texts
}

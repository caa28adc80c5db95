//! The prescription: a small PDF with some text, which PDF viewers can open.
//!
//! It only makes the bytes. It signs nothing: real prescriptions carry a qualified signature, this one has padding
//! instead.

use std::fmt::Write as _;

use crate::rng::Rng;

/// A one-page PDF with `lines` on it, followed by `padding` bytes that do not compress.
pub(crate) fn pdf(lines: &[String], padding: usize, rng: &mut Rng) -> Vec<u8> {
    let mut text = String::from("BT /F1 12 Tf 60 780 Td 16 TL");
    for line in lines {
        // Printable ASCII only, without the three characters that mean something inside a PDF string.
        let shown: String =
            line.chars().map(|c| if c.is_ascii_graphic() && !"()\\".contains(c) { c } else { ' ' }).collect();
        // Writing to a String cannot fail.
        let _ = write!(text, " ({shown}) Tj T*");
    }
    text.push_str(" ET");

    let mut seal = Vec::with_capacity(padding);
    while seal.len() < padding {
        // Kept to seven bits so that no byte can be mistaken for a structure of the file.
        seal.extend(rng.next().to_le_bytes().map(|byte| b'!' + byte % 90));
    }
    seal.truncate(padding);

    let mut file = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    let mut object = |file: &mut Vec<u8>, body: &[u8]| {
        offsets.push(file.len());
        file.extend_from_slice(format!("{} 0 obj\n", offsets.len()).as_bytes());
        file.extend_from_slice(body);
        file.extend_from_slice(b"\nendobj\n");
    };
    object(&mut file, b"<< /Type /Catalog /Pages 2 0 R >>");
    object(&mut file, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>");
    object(
        &mut file,
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>",
    );
    object(&mut file, b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>");
    object(&mut file, &stream(text.as_bytes()));
    object(&mut file, &stream(&seal));

    let table = file.len();
    let mut tail = format!("xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1);
    for offset in &offsets {
        let _ = writeln!(tail, "{offset:010} 00000 n ");
    }
    let _ = write!(tail, "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n", offsets.len() + 1);
    file.extend_from_slice(tail.as_bytes());
    file
}

fn stream(content: &[u8]) -> Vec<u8> {
    let mut body = format!("<< /Length {} >>\nstream\n", content.len()).into_bytes();
    body.extend_from_slice(content);
    body.extend_from_slice(b"\nendstream");
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cross_reference_table_points_at_every_object() {
        let file = pdf(&["Testamol (500 mg)".to_owned()], 4_096, &mut Rng::new(3));
        let text = String::from_utf8(file).unwrap();
        assert!(text.starts_with("%PDF-1.4") && text.ends_with("%%EOF\n"));
        let table = text.find("xref\n").unwrap();
        assert_eq!(text.split("startxref\n").nth(1).unwrap().lines().next().unwrap(), table.to_string());
        for (number, line) in text[table..].lines().skip(3).take(6).enumerate() {
            let offset: usize = line[..10].parse().unwrap();
            assert!(text[offset..].starts_with(&format!("{} 0 obj", number + 1)), "{line}");
        }
        assert!(text.contains("(Testamol  500 mg ) Tj"), "parentheses would end the string");
    }
}

//! Workbooks written by hand for tests: no more of each format than readers need.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A ZIP of these files.
pub(crate) fn zip(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// An XLSX with two sheets, of which the second has these rows (the content of `sheetData`) and the first none.
pub(crate) fn xlsx(rows: &str, texts: &str) -> Vec<u8> {
    let sheet = format!("<sheetData>{rows}</sheetData>");
    xlsx_of(&[("Capa", "", "<sheetData/>"), ("Dados", "", &sheet)], texts)
}

/// An XLSX of two sheets: name, further attributes in the book, and content.
pub(crate) fn xlsx_of(sheets: &[(&str, &str, &str); 2], texts: &str) -> Vec<u8> {
    let [first, second] = sheets;
    let relation = |id: u8, kind: &str, target: &str| {
        format!(
            "<Relationship Id=\"rId{id}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}\" Target=\"{target}\"/>"
        )
    };
    let relations = |inner: &str| {
        format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{inner}</Relationships>"
        )
    };
    let main = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
                xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";
    let book = format!(
        "<workbook {main}><sheets><sheet name=\"{}\" {} sheetId=\"1\" r:id=\"rId1\"/><sheet name=\"{}\" {} sheetId=\"2\" r:id=\"rId2\"/></sheets></workbook>",
        first.0, first.1, second.0, second.1
    );
    let styles = format!(
        "<styleSheet {main}><numFmts count=\"1\"><numFmt numFmtId=\"164\" formatCode=\"0000000\"/></numFmts>\
         <cellStyleXfs count=\"1\"><xf numFmtId=\"9\"/></cellStyleXfs>\
         <cellXfs count=\"4\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"9\"/><xf numFmtId=\"164\"/></cellXfs></styleSheet>"
    );
    let book_relations = relations(
        &[
            relation(1, "worksheet", "worksheets/sheet1.xml"),
            relation(2, "worksheet", "worksheets/sheet2.xml"),
            relation(3, "styles", "styles.xml"),
            relation(4, "sharedStrings", "sharedStrings.xml"),
        ]
        .concat(),
    );
    zip(&[
        ("_rels/.rels", relations(&relation(1, "officeDocument", "xl/workbook.xml")).as_bytes()),
        ("xl/workbook.xml", book.as_bytes()),
        ("xl/_rels/workbook.xml.rels", book_relations.as_bytes()),
        ("xl/styles.xml", styles.as_bytes()),
        ("xl/sharedStrings.xml", texts.as_bytes()),
        ("xl/worksheets/sheet1.xml", format!("<worksheet {main}>{}</worksheet>", first.2).as_bytes()),
        ("xl/worksheets/sheet2.xml", format!("<worksheet {main}>{}</worksheet>", second.2).as_bytes()),
    ])
}

/// An ODS with one sheet of these rows.
pub(crate) fn ods(rows: &str) -> Vec<u8> {
    let content = format!(
        "<office:document-content xmlns:office=\"o\" xmlns:table=\"t\" xmlns:text=\"x\"><office:body><office:spreadsheet>\
         <table:table table:name=\"Dados\">{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    );
    zip(&[
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("content.xml", content.as_bytes()),
    ])
}

/// A record of an XLS.
fn record(kind: u16, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap();
    [&kind.to_le_bytes()[..], &length.to_le_bytes(), content].concat()
}

/// An XLS with one sheet: `DIMENSIONS` as given, and these cells by row and column.
pub(crate) fn xls(rows: u32, columns: u16, cells: &[(u16, u16, &str)]) -> Vec<u8> {
    let bof =
        |kind: u16| record(0x0809, &[&0x0600_u16.to_le_bytes()[..], &kind.to_le_bytes(), &[0; 12]].concat());
    let mut sheet = bof(0x0010);
    let dimensions = [
        &0_u32.to_le_bytes()[..],
        &rows.to_le_bytes(),
        &0_u16.to_le_bytes(),
        &columns.to_le_bytes(),
        &[0; 2],
    ];
    sheet.extend(record(0x0200, &dimensions.concat()));
    for (row, column, text) in cells {
        let place = [row.to_le_bytes(), column.to_le_bytes(), 0_u16.to_le_bytes()].concat();
        if let Ok(number) = text.parse::<f64>() {
            sheet.extend(record(0x0203, &[&place[..], &number.to_le_bytes()].concat()));
        } else {
            let length = u16::try_from(text.encode_utf16().count()).unwrap();
            let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            sheet.extend(record(0x0204, &[&place[..], &length.to_le_bytes(), &[1], &wide].concat()));
        }
    }
    sheet.extend(record(0x000A, &[]));
    let bound = |at: u32| record(0x0085, &[&at.to_le_bytes()[..], &[0, 0, 5, 0], b"Dados"].concat());
    let globals = |at: u32| [bof(0x0005), bound(at), record(0x000A, &[])].concat();
    let begins = u32::try_from(globals(0).len()).unwrap();
    let mut stream = [globals(begins), sheet].concat();
    stream.resize(stream.len().max(8_192), 0);
    let mut file = cfb::CompoundFile::create_with_version(cfb::Version::V3, Cursor::new(Vec::new())).unwrap();
    file.create_stream("/Workbook").unwrap().write_all(&stream).unwrap();
    file.flush().unwrap();
    file.into_inner().into_inner()
}

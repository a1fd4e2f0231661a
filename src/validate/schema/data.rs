//! Parses the text of `schemas/k8s/` into one table of nodes that refer to each other by index.

use std::collections::BTreeMap;

use super::ValueKind;

/// One type: a shape, a list, a map or a leaf.
#[derive(Debug)]
pub(super) struct TypeNode {
    pub(super) kind: ValueKind,
    /// The name of a shape, empty for the others.
    pub(super) name: &'static str,
    /// `batch/v1` for a shape that is a whole object.
    pub(super) group_version: Option<&'static str>,
    /// Fields that the shape does not name are allowed.
    pub(super) open: bool,
    /// Names of fields in the order of output.
    pub(super) fields: Vec<&'static str>,
    /// The node of each field, in the order of `fields`.
    types: Vec<u16>,
    /// Where a field may stand in `fields`, by [`slot`]: a table at most half full, with the next free place taken.
    slots: Vec<Option<u16>>,
    pub(super) required: Vec<&'static str>,
    pub(super) values: Vec<&'static str>,
    /// The node of the items of a list or map.
    item: Option<u16>,
}

/// All nodes, and where the shapes are.
#[derive(Debug)]
pub(super) struct Table {
    nodes: Vec<TypeNode>,
    shapes: BTreeMap<&'static str, u16>,
    /// The Kubernetes release, `1.36`.
    pub(super) release: &'static str,
}

impl TypeNode {
    fn new(kind: ValueKind) -> TypeNode {
        TypeNode {
            kind,
            name: "",
            group_version: None,
            open: false,
            fields: Vec::new(),
            types: Vec::new(),
            slots: Vec::new(),
            required: Vec::new(),
            values: Vec::new(),
            item: None,
        }
    }

    /// The place of a field in the order of output.
    pub(super) fn position(&self, field: &str) -> Option<usize> {
        let mut at = slot(field, self.slots.len())?;
        loop {
            let place = usize::from(self.slots[at]?);
            if self.fields[place] == field {
                return Some(place);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Fills `slots`; a name that stands there twice is an error.
    fn index(&mut self) -> Result<(), String> {
        self.slots = vec![None; if self.fields.is_empty() { 0 } else { (2 * self.fields.len()).next_power_of_two() }];
        for (place, field) in (0..).zip(&self.fields) {
            let Some(mut at) = slot(field, self.slots.len()) else { break };
            while let Some(other) = self.slots[at] {
                if self.fields[usize::from(other)] == *field {
                    return Err(format!("{} has the field {field} twice", self.name));
                }
                at = (at + 1) & (self.slots.len() - 1);
            }
            self.slots[at] = Some(place);
        }
        Ok(())
    }
}

/// Where the search for a name begins in a table of `size` slots, a power of two; nowhere if there are none.
fn slot(field: &str, size: usize) -> Option<usize> {
    let bytes = field.as_bytes();
    let letter = |at: usize| bytes.get(at).copied().map_or(0, usize::from);
    let mixed = letter(0) * 31 + letter(bytes.len() / 2) * 7 + letter(bytes.len().wrapping_sub(1)) * 3 + bytes.len();
    Some(mixed & size.checked_sub(1)?)
}

impl Table {
    pub(super) fn shape(&self, name: &str) -> Option<&TypeNode> {
        self.shapes.get(name).map(|&at| &self.nodes[usize::from(at)])
    }

    pub(super) fn shapes(&self) -> impl Iterator<Item = &TypeNode> {
        self.shapes.values().map(|&at| &self.nodes[usize::from(at)])
    }

    /// The place of a field in the order of output, and its type.
    pub(super) fn field(&self, node: &TypeNode, field: &str) -> Option<(usize, &TypeNode)> {
        let place = node.position(field)?;
        Some((place, &self.nodes[usize::from(node.types[place])]))
    }

    pub(super) fn item(&self, node: &TypeNode) -> Option<&TypeNode> {
        node.item.map(|at| &self.nodes[usize::from(at)])
    }
}

/// Reads the texts as one table; an error names the line.
pub(super) fn parse(texts: &[&'static str]) -> Result<Table, String> {
    let mut reader = TableReader {
        table: Table { nodes: Vec::new(), shapes: BTreeMap::new(), release: "" },
        types: BTreeMap::new(),
    };
    let lines = || texts.iter().flat_map(|text| text.lines()).filter(|line| !line.starts_with('#'));
    for line in lines().filter(|line| !line.starts_with(' ')) {
        reader.heading(line)?;
    }
    let mut shape = None;
    for line in lines() {
        if line.starts_with(' ') {
            let shape = shape.ok_or_else(|| format!("a field before any shape: {line}"))?;
            reader.field(shape, line)?;
        } else if let Some(name) = line.split_whitespace().next() {
            shape = reader.table.shapes.get(name).copied();
        }
    }
    for node in &mut reader.table.nodes {
        node.index()?;
    }
    Ok(reader.table)
}

/// A table in the making.
struct TableReader {
    table: Table,
    /// Types already met, by their text.
    types: BTreeMap<&'static str, u16>,
}

impl TableReader {
    fn add(&mut self, node: TypeNode) -> Result<u16, String> {
        let at = u16::try_from(self.table.nodes.len()).map_err(|_| "too many types".to_owned())?;
        self.table.nodes.push(node);
        Ok(at)
    }

    fn heading(&mut self, line: &'static str) -> Result<(), String> {
        let mut words = line.split_whitespace();
        let Some(name) = words.next() else {
            return Ok(());
        };
        let rest = words.next();
        if name == "release" {
            self.table.release = rest.unwrap_or_default();
            return Ok(());
        }
        let mut node = TypeNode::new(ValueKind::Object);
        node.name = name;
        node.open = rest == Some("...");
        node.group_version = rest.filter(|word| *word != "...");
        let at = self.add(node)?;
        match self.table.shapes.insert(name, at) {
            Some(_) => Err(format!("two shapes are called {name}")),
            None => Ok(()),
        }
    }

    fn field(&mut self, shape: u16, line: &'static str) -> Result<(), String> {
        let mut words = line.split_whitespace();
        let (Some(name), Some(kind)) = (words.next(), words.next()) else {
            return Err(format!("a field without a type: {line}"));
        };
        let values: Vec<_> = words.filter(|word| *word != "|").map(|word| word.trim_matches('"')).collect();
        let at = if values.is_empty() { self.kind(kind)? } else { self.with_values(kind, values)? };
        let node = &mut self.table.nodes[usize::from(shape)];
        let field = name.trim_end_matches('!');
        if field != name {
            node.required.push(field);
        }
        node.fields.push(field);
        node.types.push(at);
        Ok(())
    }

    /// The values belong to the innermost type: the items of `[string]`, say.
    fn with_values(&mut self, text: &'static str, values: Vec<&'static str>) -> Result<u16, String> {
        let list = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
        if list.unwrap_or(text) != "string" {
            return Err(format!("allowed values are for texts alone, not for {text}"));
        }
        let mut node = TypeNode::new(ValueKind::String);
        node.values = values;
        let at = self.add(node)?;
        if list.is_none() {
            return Ok(at);
        }
        let mut node = TypeNode::new(ValueKind::List);
        node.item = Some(at);
        self.add(node)
    }

    fn kind(&mut self, text: &'static str) -> Result<u16, String> {
        if let Some(&at) = self.table.shapes.get(text).or_else(|| self.types.get(text)) {
            return Ok(at);
        }
        let inside = |open, close| text.strip_prefix(open).and_then(|rest: &str| rest.strip_suffix(close));
        let node = if let Some(item) = inside('[', ']') {
            let item = self.kind(item)?;
            TypeNode { item: Some(item), ..TypeNode::new(ValueKind::List) }
        } else if let Some(item) = inside('{', '}') {
            let item = self.kind(item)?;
            TypeNode { item: Some(item), ..TypeNode::new(ValueKind::Map) }
        } else {
            TypeNode::new(match text {
                "string" => ValueKind::String,
                "boolean" => ValueKind::Boolean,
                "int32" => ValueKind::Int32,
                "int64" => ValueKind::Int64,
                "quantity" => ValueKind::Quantity,
                "int-or-string" => ValueKind::IntOrString,
                "time" => ValueKind::Time,
                "any" => ValueKind::Any,
                _ => return Err(format!("no type or shape is called {text}")),
            })
        };
        let at = self.add(node)?;
        self.types.insert(text, at);
        Ok(at)
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_mistake_in_the_data_is_told() {
        for (text, error) in [
            ("  a string", "a field before any shape:   a string"),
            ("A\n  a", "a field without a type:   a"),
            ("A\n  a strong", "no type or shape is called strong"),
            ("A\n  a string\n  a string", "A has the field a twice"),
            ("A\nA", "two shapes are called A"),
            ("A\n  a int32 1 | 2", "allowed values are for texts alone, not for int32"),
        ] {
            assert_eq!(parse(&[text]).err().as_deref(), Some(error));
        }
    }

    #[test]
    fn shapes_may_name_each_other() {
        let table = parse(&["A x/v1\n  b! [B]\n  c string \"\" | P", "B ...\n  a {A}"]).unwrap();
        let a = table.shape("A").unwrap();
        assert_eq!((a.group_version, a.required.as_slice()), (Some("x/v1"), &["b"][..]));
        assert_eq!(table.field(a, "c").unwrap().1.values, ["", "P"]);
        let b = table.item(table.field(a, "b").unwrap().1).unwrap();
        assert!(b.open && b.name == "B");
        assert_eq!(table.item(table.field(b, "a").unwrap().1).unwrap().name, "A");
    }
}

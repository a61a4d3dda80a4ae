//! One function in the assembly that the compiler writes for x86-64: its instructions, and where each leads.

use std::collections::BTreeMap;
use std::fmt;

/// The instructions of a function in their order, and the places of its labels.
pub(crate) struct Listing {
    instructions: Vec<String>,
    labels: BTreeMap<String, usize>,
}

impl Listing {
    /// The function with this name.
    pub(crate) fn of(assembly: &str, function: &str) -> Self {
        let start = format!("{function}:");
        let mut lines = assembly.lines().skip_while(|line| line.trim() != start).skip(1).map(str::trim);
        let mut this = Self { instructions: Vec::new(), labels: BTreeMap::new() };
        for line in lines.by_ref().take_while(|line| *line != ".cfi_endproc") {
            match line.strip_suffix(':') {
                Some(label) => {
                    this.labels.insert(label.to_owned(), this.instructions.len());
                }
                None if line.is_empty() || line.starts_with(['.', '#']) => {}
                None => this.instructions.push(line.to_owned()),
            }
        }
        assert!(!this.instructions.is_empty(), "{function} is in the assembly");
        this
    }

    /// The shortest way from the first instruction to a return that passes no call; `None`: every way does.
    pub(crate) fn shortest_way_without_call(&self) -> Option<Vec<&str>> {
        let mut ways = vec![None; self.instructions.len()];
        let mut next = std::collections::VecDeque::from([(0, 0)]);
        while let Some((at, from)) = next.pop_front() {
            let Some(instruction) = self.instructions.get(at) else { continue };
            if ways[at].is_some() || instruction.starts_with("call") {
                continue;
            }
            ways[at] = Some(from);
            if instruction.starts_with("ret") {
                let mut way = vec![at];
                while way[way.len() - 1] != 0 {
                    way.push(ways[way[way.len() - 1]].expect("it was come by"));
                }
                return Some(way.iter().rev().map(|&at| self.instructions[at].as_str()).collect());
            }
            next.extend(self.followers(at).map(|follower| (follower, at)));
        }
        None
    }

    /// Whether any jump leads back.
    pub(crate) fn has_loop(&self) -> bool {
        self.loops().next().is_some()
    }

    /// Whatever may be between a place and a jump back to it.
    pub(crate) fn loops(&self) -> impl Iterator<Item = &[String]> {
        (0..self.instructions.len()).filter_map(|at| {
            let to = self.jump(at).filter(|&to| to <= at && self.reaches(to, at))?;
            Some(&self.instructions[to..=at])
        })
    }

    /// What is called.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &str> {
        self.instructions.iter().filter_map(|it| it.strip_prefix("call")?.split_whitespace().nth(1))
    }

    /// Whether a way leads from one instruction to another.
    fn reaches(&self, from: usize, to: usize) -> bool {
        let mut seen = vec![false; self.instructions.len()];
        let mut next = vec![from];
        while let Some(at) = next.pop() {
            if at == to {
                return true;
            }
            if at < seen.len() && !std::mem::replace(&mut seen[at], true) {
                next.extend(self.followers(at));
            }
        }
        false
    }

    /// Where it may go on from here.
    fn followers(&self, at: usize) -> impl Iterator<Item = usize> {
        let instruction = &self.instructions[at];
        let goes_on = !["jmp", "ret", "ud2"].iter().any(|end| instruction.starts_with(end));
        goes_on.then_some(at + 1).into_iter().chain(self.jump(at))
    }

    /// Where it jumps to from here, or may.
    fn jump(&self, at: usize) -> Option<usize> {
        let instruction = &self.instructions[at];
        let label = instruction.starts_with('j').then(|| instruction.split_whitespace().nth(1))??;
        Some(*self.labels.get(label).unwrap_or_else(|| panic!("{instruction}: a label of this function")))
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.instructions.iter().try_for_each(|instruction| writeln!(f, "{instruction}"))
    }
}

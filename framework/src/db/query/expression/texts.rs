//! Functions that cut, replace and find text, as those of `django.db.models.functions`.

use std::marker::PhantomData;

use super::expr::{Call, Computed, Expr};
use super::operand::IntoExpression;
use super::{Expression, Length};
use crate::db::ColumnKind;
use crate::values::FieldType;

type Text<M, C> = Expression<M, Option<String>, C>;

fn call<M, T, C>(
    call: Call,
    arguments: Vec<Expr>,
    kind: ColumnKind,
) -> Expression<M, Option<T>, C> {
    let expr = Expr::Call(call, arguments);
    Expression { computed: Computed { expr, kind, nullable: true }, types: PhantomData }
}

fn whole(number: u32) -> Expr {
    Expr::Value(i64::from(number).into_value(), ColumnKind::Integer)
}

/// A part of text.
#[derive(Debug, Clone, Copy)]
pub struct Substr;

impl Substr {
    /// From a character on, the first of which is 1; null of null.
    pub fn of<M, O>(text: O, from: u32) -> Text<M, O::Cardinality>
    where
        O: IntoExpression<M, Value: FieldType<Plain = String>>,
    {
        call(Call::Substr, vec![text.computed().expr, whole(from.max(1))], ColumnKind::Text)
    }

    /// So many characters from one on, the first of which is 1; null of null.
    pub fn part<M, O>(text: O, from: u32, length: u32) -> Text<M, O::Cardinality>
    where
        O: IntoExpression<M, Value: FieldType<Plain = String>>,
    {
        let arguments = vec![text.computed().expr, whole(from.max(1)), whole(length)];
        call(Call::Substr, arguments, ColumnKind::Text)
    }
}

/// The start of text.
#[derive(Debug, Clone, Copy)]
pub struct Left;

impl Left {
    /// So many characters, or all where there are fewer; null of null.
    pub fn of<M, O>(text: O, length: u32) -> Text<M, O::Cardinality>
    where
        O: IntoExpression<M, Value: FieldType<Plain = String>>,
    {
        Substr::part(text, 1, length)
    }
}

/// The end of text.
#[derive(Debug, Clone, Copy)]
pub struct Right;

impl Right {
    /// So many characters, or all where there are fewer; null of null.
    pub fn of<M, O>(text: O, length: u32) -> Text<M, O::Cardinality>
    where
        O: IntoExpression<M, Value: FieldType<Plain = String>> + Clone,
    {
        // both databases count from the first character on, one of which is 1
        let all = Length::of(text.clone()).computed.expr;
        let start = Expr::Infix(
            super::Infix::Add,
            Box::new((Expr::Infix(super::Infix::Sub, Box::new((all, whole(length)))), whole(1))),
        );
        let greatest = Expr::Call(Call::Greatest, vec![start, whole(1)]);
        call(Call::Substr, vec![text.computed().expr, greatest], ColumnKind::Text)
    }
}

/// Text with another one in place of a part.
#[derive(Debug, Clone, Copy)]
pub struct Replace;

impl Replace {
    /// Replaces every occurrence; null of null.
    pub fn of<M, O>(text: O, part: &str, by: &str) -> Text<M, O::Cardinality>
    where
        O: IntoExpression<M, Value: FieldType<Plain = String>>,
    {
        let text_of = |text: &str| Expr::Value(text.to_owned().into_value(), ColumnKind::Text);
        let arguments = vec![text.computed().expr, text_of(part), text_of(by)];
        call(Call::Replace, arguments, ColumnKind::Text)
    }
}

/// Where a text starts in another one.
#[derive(Debug, Clone, Copy)]
pub struct StrIndex;

impl StrIndex {
    /// The place of its first character, from 1 on; 0 where it is not there, null of null.
    pub fn of<M, A, B>(text: A, part: B) -> Expression<M, Option<i32>, A::Cardinality>
    where
        A: IntoExpression<M, Value: FieldType<Plain = String>>,
        B: IntoExpression<M, Cardinality = crate::db::One, Value: FieldType<Plain = String>>,
    {
        let arguments = vec![text.computed().expr, part.computed().expr];
        call(Call::StrIndex, arguments, ColumnKind::Integer)
    }
}

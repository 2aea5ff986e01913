//! What is written, as code.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::Item;

use super::model;
use crate::testing::{assert_code, items, squeezed};

/// The description: what stands behind `META`'s name.
fn meta(args: TokenStream, item: &TokenStream) -> TokenStream {
    let text = model(args, item).to_string();
    let start = text.find(":: quintet :: db :: ModelMeta :: new").expect("it starts");
    let end = text[start..].find("; fn from_row").expect("it ends");
    text[start..start + end].parse().expect("code")
}

/// The implementations that have to do with paths of this name.
fn is_path(item: &Item) -> bool {
    match item {
        Item::Impl(item) => {
            item.trait_.is_none() && item.self_ty.to_token_stream().to_string().contains("Fields")
        }
        Item::Trait(_) => true,
        _ => false,
    }
}

fn is_inherent(item: &Item) -> bool {
    matches!(item, Item::Impl(item) if item.trait_.is_none() && item.generics.params.is_empty())
}

fn is_macro(item: &Item) -> bool {
    matches!(item, Item::Macro(_))
}

#[test]
fn a_small_model_is_a_table_a_description_and_paths() {
    let written = model(
        quote!(app = "library", ordering(-title), display = "{title}"),
        &quote! {
            /// A book.
            pub struct Book {
                pub id: i64,
                #[field(max_length = 200)]
                pub title: String,
            }
        },
    );
    let expected = quote! {
        #[derive(Clone, PartialEq)]
        /// A book.
        pub struct Book {
            pub id: i64,
            pub title: String,
        }

        impl ::core::fmt::Debug for Book {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(::core::stringify!(Book))
                    .field("id", &self.id)
                    .field("title", &self.title)
                    .finish()
            }
        }

        impl ::core::fmt::Display for Book {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let Self { title, .. } = self;
                ::core::write!(f, "{title}")
            }
        }

        impl<DB, ST> ::quintet::__private::schema::Queryable<ST, DB> for Book
        where
            DB: ::quintet::__private::schema::Backend,
            (i64, String,): ::quintet::__private::schema::FromStaticSqlRow<ST, DB>,
        {
            type Row = (i64, String,);

            fn build(
                (id, title,): Self::Row,
            ) -> ::quintet::__private::schema::DeserializeResult<Self> {
                ::core::result::Result::Ok(Self { id, title, })
            }
        }

        impl<DB> ::quintet::__private::schema::Selectable<DB> for Book
        where
            DB: ::quintet::__private::schema::Backend,
        {
            type SelectExpression = (book::id, book::title,);

            fn construct_selection() -> Self::SelectExpression {
                book::all_columns
            }
        }

        ::quintet::__private::table! {
            #[doc = "The table `library_book` of [`Book`], in diesel's terms."]
            book "library_book" (id; title; id title) {
                #[doc = "The column `id`."]
                id "id" ::quintet::__private::diesel::sql_types::BigInt
                    [Add add Sub sub Mul mul Div div],
                #[doc = "The column `title`."]
                title "title" ::quintet::__private::diesel::sql_types::Text [],
            }
        }

        impl ::quintet::db::Column for book::id {
            type Model = Book;
            type Value = i64;
            const INDEX: usize = 0usize;
        }

        impl ::quintet::db::Column for book::title {
            type Model = Book;
            type Value = String;
            const INDEX: usize = 1usize;
        }

        impl ::quintet::db::Model for Book {
            type Table = book::table;
            type Key = i64;
            type Fields<Root, C> = BookFields<Root, C>;

            const META: &'static ::quintet::db::ModelMeta =
                &::quintet::db::ModelMeta::new::<Book>("Book", "library_book", &[
                    ::quintet::db::ColumnMeta::new("id", ::quintet::db::ColumnKind::BigInt),
                    ::quintet::db::ColumnMeta::new("title", ::quintet::db::ColumnKind::Text)
                        .max_length(200)
                ])
                .verbose_name("book")
                .app_label("library")
                .ordering(&[(1usize, true)]);

            fn from_row(
                row: &::quintet::db::Row<'_>,
                at: usize,
            ) -> ::core::result::Result<Self, ::quintet::db::Error> {
                ::core::result::Result::Ok(Self {
                    id: row.get(at + 0usize, Self::META.columns[0usize].kind)?,
                    title: row.get(at + 1usize, Self::META.columns[1usize].kind)?,
                })
            }

            fn value(&self, column: usize) -> ::quintet::fields::ValueRef<'_> {
                match column {
                    0usize => ::quintet::fields::FieldType::value_ref(&self.id),
                    1usize => ::quintet::fields::FieldType::value_ref(&self.title),
                    _ => ::quintet::fields::ValueRef::Null,
                }
            }
        }

        impl Book {
            #[doc = " Every row, as a query that has not been sent yet."]
            pub fn objects() -> ::quintet::db::QuerySet<Self> {
                ::quintet::db::QuerySet::new()
            }

            #[doc = " The columns and relations, as the start of a path."]
            pub fn fields() -> BookFields<Self> {
                ::quintet::db::Fields::at(::quintet::__private::Way::start::<Self>())
            }
        }

        #[doc = "Paths that lead through [`Book`]: one method a column or relation."]
        #[derive(Debug, Clone)]
        pub struct BookFields<Root, C = ::quintet::db::One> {
            way: ::quintet::__private::Way,
            types: ::core::marker::PhantomData<fn() -> (Root, C)>,
        }

        impl<Root, C> ::quintet::db::Fields for BookFields<Root, C> {
            type Root = Root;
            type Model = Book;
            type Cardinality = C;

            fn at(way: ::quintet::__private::Way) -> Self {
                Self { way, types: ::core::marker::PhantomData }
            }

            fn way(self) -> ::quintet::__private::Way {
                self.way
            }
        }

        impl<Root, C: ::quintet::db::Cardinality> ::quintet::db::PathOf<Root> for BookFields<Root, C> {
            type Cardinality = C::Values;

            fn into_path(self) -> ::quintet::db::Path {
                self.way.key()
            }
        }

        #[allow(missing_docs)]
        impl<Root, C: ::quintet::db::Cardinality> BookFields<Root, C> {
            pub fn id(self) -> ::quintet::db::FieldPath<Root, i64, C::Values> {
                self.way.column(&<Book as ::quintet::db::Model>::META.columns[0usize])
            }

            pub fn title(self) -> ::quintet::db::FieldPath<Root, String, C::Values> {
                self.way.column(&<Book as ::quintet::db::Model>::META.columns[1usize])
            }
        }
    };
    assert_code(&written, &expected);
}

#[test]
fn the_words_of_a_column_are_methods_of_its_description() {
    let written = meta(
        quote!(table = "book", verbose_name = "volume", unique_together(shelf, r#type)),
        &quote! {
            pub struct Book {
                #[field(primary_key, max_length = 13, regex = *ISBN, error(invalid = "No ISBN."))]
                pub isbn: String,
                #[field(column = "kind", choices = KINDS, blank, default = "novel")]
                pub r#type: String,
                #[field(positive, max_value = 1_000)]
                pub pages: i16,
                #[field(decimal(10, 2), min_value = "0.00", help_text = "In pounds.")]
                pub price: Option<Decimal>,
                #[field(auto_now)]
                pub changed: DateTime,
                #[field(email, unique, blank = false)]
                pub contact: Option<String>,
                #[field(foreign_key = places::Shelf, on_delete = set_null)]
                pub shelf_id: Option<i64>,
            }
        },
    );
    let expected = quote! {
        ::quintet::db::ModelMeta::new::<Book>("Book", "book", &[
            ::quintet::db::ColumnMeta::new("isbn", ::quintet::db::ColumnKind::Text)
                .max_length(13)
                .regex(|| ::core::convert::Into::into(::core::clone::Clone::clone(&*ISBN)))
                .errors(&[("invalid", "No ISBN.")]),
            ::quintet::db::ColumnMeta::new("type", ::quintet::db::ColumnKind::Text)
                .column("kind")
                .blank(true)
                .default(::quintet::db::ColumnDefault::Value(|| <String as
                    ::quintet::values::FieldType>::into_value(("novel").into())))
                .choices(KINDS),
            ::quintet::db::ColumnMeta::new("pages", ::quintet::db::ColumnKind::SmallInt)
                .min_value("0")
                .max_value("1000").positive(),
            ::quintet::db::ColumnMeta::new(
                "price",
                ::quintet::db::ColumnKind::Decimal { digits: 10, places: 2 }
            )
                .nullable()
                .min_value("0.00")
                .help_text("In pounds."),
            ::quintet::db::ColumnMeta::new("changed", ::quintet::db::ColumnKind::DateTime)
                .default(::quintet::db::ColumnDefault::AutoNow),
            ::quintet::db::ColumnMeta::new("contact", ::quintet::db::ColumnKind::Text)
                .nullable()
                .blank(false)
                .unique()
                .email(),
            ::quintet::db::ColumnMeta::new("shelf", ::quintet::db::ColumnKind::BigInt)
                .column("shelf_id")
                .nullable()
                .references::<places::Shelf>(::quintet::db::OnDelete::SetNull)
        ])
        .verbose_name("volume")
        .unique_together(&[&[6usize, 1usize]])
    };
    assert_code(&written, &expected);
}

#[test]
fn a_foreign_key_is_a_way_there_and_a_way_back() {
    let written = model(
        quote!(app = "library"),
        &quote! {
            pub struct Loan {
                pub id: i64,
                #[field(foreign_key = books::Book, related_name = loans)]
                pub book_id: i64,
                #[field(foreign_key = User, related_name = loans, foreign)]
                pub reader_id: i64,
            }
        },
    );
    let expected = quote! {
        #[allow(missing_docs)]
        impl<Root, C: ::quintet::db::Cardinality> LoanFields<Root, C> {
            pub fn id(self) -> ::quintet::db::FieldPath<Root, i64, C::Values> {
                self.way.column(&<Loan as ::quintet::db::Model>::META.columns[0usize])
            }

            pub fn book_id(self) -> ::quintet::db::FieldPath<Root, i64, C::Values> {
                self.way.column(&<Loan as ::quintet::db::Model>::META.columns[1usize])
            }

            pub fn book(self) -> <books::Book as ::quintet::db::Model>::Fields<Root, C> {
                ::quintet::db::Fields::at(self.way.forward::<Loan, books::Book>(1usize))
            }

            pub fn reader_id(self) -> ::quintet::db::FieldPath<Root, i64, C::Values> {
                self.way.column(&<Loan as ::quintet::db::Model>::META.columns[2usize])
            }

            pub fn reader(self) -> <User as ::quintet::db::Model>::Fields<Root, C> {
                ::quintet::db::Fields::at(self.way.forward::<Loan, User>(2usize))
            }
        }

        #[allow(missing_docs)]
        impl<Root, C> books::BookFields<Root, C> {
            pub fn loans(self) -> LoanFields<Root, ::quintet::db::Many> {
                ::quintet::db::Fields::at(
                    ::quintet::db::Fields::way(self).reverse::<Loan>("loans", "book_id")
                )
            }
        }

        #[doc = "The way from [`User`] to its rows of [`Loan`]."]
        pub trait LoanOfUser<Root> {
            #[allow(missing_docs)]
            fn loans(self) -> LoanFields<Root, ::quintet::db::Many>;
        }
    };
    assert_code(&items(written.clone(), is_path), &expected);
    let joins = quote! {
        ::quintet::__private::diesel::joinable!(loan -> books::book (book_id));
        ::quintet::__private::diesel::allow_tables_to_appear_in_same_query!(loan, books::book);
    };
    let macros = items(written, is_macro).to_string();
    assert!(macros.ends_with(&joins.to_string()), "{macros}");
}

#[test]
fn an_annotation_is_a_constant_and_a_path() {
    let written = model(
        quote!(
            app = "library",
            count(loan_count = loans),
            annotations(worth: Option<Decimal> = |book| Sum::of(book.loans().fine()))
        ),
        &quote!(
            pub struct Book {
                pub id: i64,
            }
        ),
    );
    let constants = quote! {
        #[doc = "The annotation `loan_count`."]
        pub const LOAN_COUNT: ::quintet::db::Annotation<Self, i64> = {
            static META: ::quintet::db::AnnotationMeta = ::quintet::db::AnnotationMeta::new(
                "loan_count",
                || ::quintet::__private::annotation::<Book, i64, _>(
                    |fields| ::quintet::db::Count::of(fields.loans())
                )
            );
            ::quintet::db::Annotation::new(&META)
        };
        #[doc = "The annotation `worth`."]
        pub const WORTH: ::quintet::db::Annotation<Self, Option<Decimal> > = {
            static META: ::quintet::db::AnnotationMeta = ::quintet::db::AnnotationMeta::new(
                "worth",
                || ::quintet::__private::annotation::<Book, Option<Decimal>, _>(
                    |book| Sum::of(book.loans().fine())
                )
            );
            ::quintet::db::Annotation::new(&META)
        };
    };
    let inherent = squeezed(&items(written.clone(), is_inherent));
    assert!(inherent.contains(&squeezed(&constants)), "{inherent}");
    let paths = quote! {
        pub fn loan_count(self) -> ::quintet::db::FieldPath<Root, i64, C::Values> {
            self.way.annotation(Book::LOAN_COUNT.meta())
        }
        pub fn worth(self) -> ::quintet::db::FieldPath<Root, Option<Decimal>, C::Values> {
            self.way.annotation(Book::WORTH.meta())
        }
    };
    let written = squeezed(&items(written, is_path));
    assert!(written.contains(&squeezed(&paths)), "{written}");
}

#[test]
fn a_link_table_has_djangos_names_or_its_own() {
    let args = quote!(
        app = "library",
        many_to_many(tags: Tag, related_name = books),
        many_to_many(sequels: Book, through = "follows", source = "of", target = "next")
    );
    let book = quote!(
        pub struct Book {
            pub id: i64,
        }
    );
    let expected = quote! {
        ::quintet::db::ModelMeta::new::<Book>("Book", "library_book", &[
            ::quintet::db::ColumnMeta::new("id", ::quintet::db::ColumnKind::BigInt)
        ])
        .verbose_name("book")
        .app_label("library")
        .links(&[
            ::quintet::db::LinkTable::new::<Tag>("library_book_tags", "book_id", "tag_id")
                .name("tags")
                .related_name("books"),
            ::quintet::db::LinkTable::new::<Book>("follows", "of", "next").name("sequels")
        ])
    };
    assert_code(&meta(args.clone(), &book), &expected);
    let expected = quote! {
        #[allow(missing_docs)]
        impl<Root, C: ::quintet::db::Cardinality> BookFields<Root, C> {
            pub fn id(self) -> ::quintet::db::FieldPath<Root, i64, C::Values> {
                self.way.column(&<Book as ::quintet::db::Model>::META.columns[0usize])
            }

            pub fn tags(
                self
            ) -> <Tag as ::quintet::db::Model>::Fields<Root, ::quintet::db::Many> {
                ::quintet::db::Fields::at(self.way.through::<Book, Tag>(
                    "tags",
                    ["library_book_tags", "book_id", "tag_id"],
                ))
            }

            pub fn sequels(
                self
            ) -> <Book as ::quintet::db::Model>::Fields<Root, ::quintet::db::Many> {
                ::quintet::db::Fields::at(self.way.through::<Book, Book>(
                    "sequels",
                    ["follows", "of", "next"],
                ))
            }
        }

        #[allow(missing_docs)]
        impl<Root, C> TagFields<Root, C> {
            pub fn books(self) -> BookFields<Root, ::quintet::db::Many> {
                ::quintet::db::Fields::at(::quintet::db::Fields::way(self).through::<Tag, Book>(
                    "books",
                    ["library_book_tags", "tag_id", "book_id"]
                ))
            }
        }
    };
    assert_code(&items(model(args, &book), is_path), &expected);
    let own = meta(quote!(app = "x", many_to_many(near: Book)), &book).to_string();
    let names = "\"x_book_near\" , \"from_book_id\" , \"to_book_id\"";
    assert!(own.contains(names), "{own}");
}

#[test]
fn a_model_with_mistakes_keeps_its_types_and_says_nothing_else() {
    let written = model(
        quote!(app = "library", ordering(titel), annotations(size: i64 = |book| book.tags())),
        &quote! {
            pub struct Book {
                pub id: i64,
                #[field(default = later())]
                pub title: String,
                pub tags: HashMap<String, String>,
            }
        },
    )
    .to_string();
    for kept in [
        "pub tags : HashMap < String , String >",
        "pub fn title (self)",
        "pub const SIZE",
        "book \"library_book\"",
    ] {
        assert!(written.contains(kept), "{kept}: {written}");
    }
    for left_out in ["later", "book . tags", "fn tags", "self . tags", "derive (Clone"] {
        assert!(!written.contains(left_out), "{left_out}: {written}");
    }
}

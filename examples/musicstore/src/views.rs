//! The resources of the store.

use quintet::auth::{User, user};
use quintet::db::{Count, LookupField, Ordering, Sum};
use quintet::filters::*;
use quintet::http::Method;
use quintet::pagination::*;
use quintet::permissions::*;
use quintet::prelude::*;
use quintet::serializers::SerializerClass;
use quintet::views::{Item, Items};
use quintet::viewsets::*;

use crate::filters::*;
use crate::models::*;
use crate::permissions::*;
use crate::serializers::*;

pub struct ArtistViewSet;

/// Artists with the number of their albums.
#[view_set]
impl ViewSet for ArtistViewSet {
    type Base = ModelViewSet;
    type Serializer = ArtistSerializer;

    const SEARCH_FIELDS: SearchFields<Artist> = search_fields![name, albums__title];
    const ORDERING_FIELDS: OrderingFields<Artist> = ordering_fields![id, name, album_count];

    fn permission_classes(&self) -> impl PermissionClasses {
        DjangoModelPermissionsOrAnonReadOnly::new()
    }

    /// The albums of one artist, paginated.
    #[action(detail)]
    async fn albums(
        &self,
        artist: Object<Artist>,
        cx: &mut Context,
    ) -> Result<Page<AlbumSerializer>> {
        self.paginate(Album::objects().filter(album::artist_id.eq(artist.id)), cx).await
    }

    /// Give the artist another name.
    #[action(detail, post)]
    async fn rename(
        &self,
        artist: Object<Artist>,
        new: Valid<RenameSerializer>,
        cx: &mut Context,
    ) -> Result<Json<RenamedSerializer>> {
        let renamed = cx.save(Changes::of(&*artist).set(artist::name, &*new.name)).await?;
        let old_name = artist.0.name;
        Ok(Json(RenamedSerializer { id: renamed.id, old_name, name: renamed.name }))
    }

    /// The artists with most albums; ``limit`` is 1 to 20, normally 5.
    #[action(list)]
    async fn top(&self, cx: &mut Context) -> Result<Items<ArtistSerializer>> {
        let refuse = |text: &'static str| ApiException::validation(Detail::field("limit", [text]));
        let limit = cx.request.query_params().get("limit").unwrap_or("5").trim().parse::<i64>();
        let limit = limit.map_err(|_| refuse("A valid integer is required."))?;
        if !(1..=20).contains(&limit) {
            return Err(refuse("Must be between 1 and 20."));
        }
        let artists = Artist::objects().order_by(order_by![-album_count, id]);
        cx.respond_all(artists.slice(0, limit)).await
    }

    /// The artists whose name starts with a letter, without pages.
    #[action(list, url_path = "by-letter/(?P<letter>[A-Za-z])")]
    async fn by_letter(&self, cx: &mut Context) -> Result<Items<ArtistSerializer>> {
        let letter = cx.request.kwarg("letter").unwrap_or_default();
        let starts = Artist::fields().name().istartswith(letter);
        cx.respond_all(Artist::objects().filter_by(starts)).await
    }
}

pub struct AlbumViewSet;

#[view_set]
impl ViewSet for AlbumViewSet {
    type Base = ModelViewSet;
    type Serializer = AlbumSerializer;

    const FILTERSET_CLASS: Filters<Album> = Filters::of::<AlbumFilter>();
    const SEARCH_FIELDS: SearchFields<Album> = search_fields![title, =artist__name];
    const ORDERING_FIELDS: OrderingFields<Album> = ordering_fields![__all__, track_count];

    fn serializer_class(&self, action: Action) -> SerializerClass<Album> {
        match action {
            Action::Retrieve => AlbumDetailSerializer::class(),
            _ => AlbumSerializer::class(),
        }
    }

    /// The album through a ``depth = 1`` serializer.
    #[action(detail)]
    async fn depth(&self, cx: &mut Context) -> Result<Item<DepthAlbumSerializer>> {
        self.show(cx).await
    }
}

pub struct TrackViewSet;

impl ViewSet for TrackViewSet {
    type Base = ModelViewSet;
    type Serializer = TrackSerializer;

    const FILTERSET_CLASS: Filters<Track> = Filters::of::<TrackFilter>();
    const SEARCH_FIELDS: SearchFields<Track> = search_fields![^name, composer];
    const ORDERING_FIELDS: OrderingFields<Track> =
        ordering_fields![id, name, milliseconds, unit_price, album__title];

    fn pagination_class(&self) -> impl Pagination + 'static {
        LimitOffsetPagination::new().default_limit(20).max_limit(200)
    }
}

pub struct GenreViewSet;

#[view_set]
impl ViewSet for GenreViewSet {
    type Base = ReadOnlyModelViewSet;
    type Serializer = GenreSerializer;

    const FILTERSET_FIELDS: Filters<Genre> = filter_fields![name];
    const SEARCH_FIELDS: SearchFields<Genre> = search_fields![=name];

    fn permission_classes(&self) -> impl PermissionClasses {
        AllowAny
    }

    fn pagination_class(&self) -> impl Pagination + 'static {
        NoPagination
    }

    #[action(list, url_path = "by-name/(?P<name>[^/.]+)")]
    async fn by_name(&self, cx: &mut Context) -> Result<Item<GenreSerializer>> {
        let name = cx.request.kwarg("name").unwrap_or_default();
        cx.respond_one(Genre::objects().filter_by(Genre::fields().name().iexact(name))).await
    }
}

pub struct MediaTypeViewSet;

impl ViewSet for MediaTypeViewSet {
    type Base = ModelViewSet;
    type Serializer = MediaTypeSerializer;

    fn permission_classes(&self) -> impl PermissionClasses {
        IsAdminUser.or(ReadOnly)
    }

    fn pagination_class(&self) -> impl Pagination + 'static {
        NoPagination
    }
}

pub struct PlaylistViewSet;

#[view_set]
impl ViewSet for PlaylistViewSet {
    type Base = ModelViewSet;
    type Serializer = PlaylistSerializer;

    const FILTERSET_CLASS: Filters<Playlist> = Filters::of::<PlaylistFilter>();
    const SEARCH_FIELDS: SearchFields<Playlist> = search_fields![name, owner__username];
    const ORDERING_FIELDS: OrderingFields<Playlist> =
        ordering_fields![id, name, created_at, track_count];

    fn permission_classes(&self) -> impl PermissionClasses {
        (IsAuthenticatedOrReadOnly, IsOwnerOrReadOnly)
    }

    async fn get_queryset(&self, cx: &mut Context) -> Result<QuerySet<Playlist>> {
        let playlists = Playlist::objects();
        let public = playlist::is_public.eq(true);
        Ok(match cx.user() {
            Some(user) if user.is_superuser => playlists,
            Some(user) => playlists.filter(public.or(playlist::owner_id.eq(user.id))),
            None => playlists.filter(public),
        })
    }

    fn serializer_class(&self, action: Action) -> SerializerClass<Playlist> {
        match action {
            Action::List => PlaylistSerializer::class(),
            _ => PlaylistDetailSerializer::class(),
        }
    }

    async fn perform_create(&self, new: Changes<Playlist>, cx: &mut Context) -> Result<Playlist> {
        cx.save(new.set(playlist::owner_id, cx.user().map(|user| user.id))).await
    }

    #[action(list, permission_classes = IsAuthenticated)]
    async fn mine(&self, cx: &mut Context) -> Result<Page<PlaylistSerializer>> {
        let owner = cx.user().map_or(0, |user| user.id);
        let own = self.get_queryset(cx).await?.filter(playlist::owner_id.eq(owner));
        let own = self.filter_queryset(own, cx).await?;
        self.paginate(own, cx).await
    }

    #[action(detail, post, url_path = "tracks", url_name = "tracks")]
    async fn add_tracks(
        &self,
        playlist: Object<Playlist>,
        body: Valid<PlaylistTracksSerializer>,
        cx: &mut Context,
    ) -> Result<Json<TrackCountSerializer>> {
        let add = async |cx: &mut Context| {
            // the playlist is locked by the first of these
            let links = cx.links(&*playlist, Playlist::fields().tracks());
            links.add(body.tracks.iter().map(PrimaryKeyRelated::key)).await?;
            cx.save(Changes::of(&*playlist)).await?;
            links.count().await
        };
        let track_count = cx.retrying_transaction(add).await?;
        Ok(Json(TrackCountSerializer { id: playlist.id, track_count }))
    }

    #[mapping(add_tracks, delete)]
    async fn remove_tracks(
        &self,
        playlist: Object<Playlist>,
        body: Valid<PlaylistTracksSerializer>,
        cx: &mut Context,
    ) -> Result<NoContent> {
        let remove = async |cx: &mut Context| {
            let links = cx.links(&*playlist, Playlist::fields().tracks());
            links.remove(body.tracks.iter().map(PrimaryKeyRelated::key)).await?;
            cx.save(Changes::of(&*playlist)).await
        };
        cx.retrying_transaction(remove).await?;
        Ok(NoContent)
    }
}

pub struct InvoiceViewSet;

#[view_set]
impl ViewSet for InvoiceViewSet {
    type Base = ModelViewSet;
    type Serializer = InvoiceSerializer;

    const FILTERSET_CLASS: Filters<Invoice> = Filters::of::<InvoiceFilter>();
    const SEARCH_FIELDS: SearchFields<Invoice> = search_fields![billing_city, customer__last_name];
    const ORDERING_FIELDS: OrderingFields<Invoice> = ordering_fields![id, invoice_date, total];
    const ORDERING: Ordering<Invoice> = order_by![-invoice_date, -id];

    fn permission_classes(&self) -> impl PermissionClasses {
        (IsAuthenticated, DjangoModelPermissions::new())
    }

    fn pagination_class(&self) -> impl Pagination + 'static {
        CursorPagination::new()
            .page_size(10)
            .page_size_query_param("page_size")
            .max_page_size(50)
            .ordering(Self::ORDERING)
    }

    #[action(list)]
    async fn summary(&self, cx: &mut Context) -> Result<Json<SummarySerializer>> {
        let invoices = self.get_queryset(cx).await?;
        let invoices = self.filter_queryset(invoices, cx).await?;
        let figures = (Count::rows(), Sum::of(invoice::total));
        let (count, total) = invoices.aggregate(figures, cx).await?;
        Ok(Json(SummarySerializer { count, total: total.unwrap_or_default() }))
    }
}

pub struct InvoiceLineViewSet;

impl ViewSet for InvoiceLineViewSet {
    type Base = (RetrieveModelMixin, ListModelMixin);
    type Serializer = InvoiceLineSerializer;

    const FILTERSET_FIELDS: Filters<InvoiceLine> = filter_fields![invoice, track];

    /// Reading, too, needs the permission to view.
    fn permission_classes(&self) -> impl PermissionClasses {
        let view = &["%(app_label)s.view_%(model_name)s"];
        DjangoModelPermissions::new().perms_map(Method::GET, view)
    }
}

pub struct CustomerViewSet;

impl ViewSet for CustomerViewSet {
    type Base = ModelViewSet;
    type Serializer = CustomerSerializer;

    const FILTERSET_FIELDS: Filters<Customer> =
        filter_fields![country(exact, in), support_rep(exact, isnull), company(isnull)];
    const SEARCH_FIELDS: SearchFields<Customer> = search_fields![^last_name, =country, email];
    const ORDERING_FIELDS: OrderingFields<Customer> = ordering_fields![last_name, email];

    fn permission_classes(&self) -> impl PermissionClasses {
        IsAdminUser
    }
}

pub struct EmployeeViewSet;

#[view_set]
impl ViewSet for EmployeeViewSet {
    type Base = ModelViewSet;
    type Serializer = EmployeeSerializer;

    const FILTERSET_FIELDS: Filters<Employee> = filter_fields![title, reports_to, hire_date];

    fn permission_classes(&self) -> impl PermissionClasses {
        IsAuthenticated
    }

    /// The employee with everybody below, in one statement for all levels.
    #[action(detail)]
    async fn tree(
        &self,
        employee: Object<Employee>,
        cx: &mut Context,
    ) -> Result<Json<EmployeeTreeSerializer>> {
        let tree = cx.descendants(&*employee, Employee::fields().reports_to()).await?;
        Ok(Json(tree.fold(|employee, subordinates| EmployeeTreeSerializer {
            id: employee.id,
            last_name: employee.last_name.clone(),
            subordinates,
        })))
    }
}

/// Accounts, for staff.
pub struct UserViewSet;

impl ViewSet for UserViewSet {
    type Base = (CreateModelMixin, RetrieveModelMixin, UpdateModelMixin, ListModelMixin);
    type Serializer = UserSerializer;

    const LOOKUP_FIELD: LookupField<User> = lookup_field!(username);
    const LOOKUP_VALUE_REGEX: Option<&'static str> = Some(r"[\w@+-]+");

    fn permission_classes(&self) -> impl PermissionClasses {
        IsAdminUser
    }

    async fn perform_create(&self, new: Changes<User>, cx: &mut Context) -> Result<User> {
        cx.save(hashed(new, cx).await?).await
    }

    async fn perform_update(&self, changes: Changes<User>, cx: &mut Context) -> Result<User> {
        cx.save(hashed(changes, cx).await?).await
    }
}

/// Adds the hash of the password to the changes, if there is a password.
async fn hashed(mut changes: Changes<User>, cx: &Context) -> Result<Changes<User>> {
    let Some(password) = changes.take::<String>("password") else { return Ok(changes) };
    Ok(changes.set(user::password, cx.hashers().make(&password).await?))
}

"""Phone API routes."""

from django.urls import include, path

from mobile_api.auth import views as auth
from mobile_api.field import dispute_views as disputes
from mobile_api.field import patrol_views as patrols
from mobile_api.field import views as field
from mobile_api.field.duty_view import OwnDutyView
from mobile_api.field.positions_view import PositionsView
from mobile_api.field.tracker_views import OwnTrackerRevokeView, OwnTrackersView
from mobile_api.notices import views as notices
from mobile_api.public import appointment_views as appointments
from mobile_api.public import views as public
from mobile_api.public.grid_views import PublishedGridsView
from mobile_api.public.photo_view import PhotoView
from mobile_api.service import views as service
from mobile_api.trackers import views as trackers

urlpatterns = [
    # By far the most frequent call: routes are tried one after the other, which takes a millisecond for the last.
    path("api/v1/field/sessions/<uuid:session_id>/positions", PositionsView.as_view()),
    path("healthz", service.AliveView.as_view()),
    path("readyz", service.ReadyView.as_view()),
    path("api/schema/", service.SchemaView.as_view(), name="schema"),
    path("api/docs/", service.DocsView.as_view()),
    path("", include("mobile_api.open311.urls")),
    path("api/v1/auth/token", auth.TokenView.as_view()),
    path("api/v1/auth/token/refresh", auth.TokenRefreshView.as_view()),
    path("api/v1/auth/token/revoke", auth.TokenRevokeView.as_view()),
    path("api/v1/auth/codes", auth.CodeView.as_view()),
    path("api/v1/auth/codes/verify", auth.CodeVerifyView.as_view()),
    path("api/v1/auth/session", auth.SessionView.as_view()),
    path("api/v1/me", auth.MeView.as_view()),
    path("api/v1/notices", notices.NoticesView.as_view()),
    path("api/v1/notices/read", notices.NoticesReadView.as_view()),
    path("api/v1/matters", public.MattersView.as_view()),
    path("api/v1/matters/<uuid:matter_id>", public.MatterView.as_view()),
    path("api/v1/locate", public.LocateView.as_view()),
    path("api/v1/grids", PublishedGridsView.as_view()),
    path("api/v1/photos", public.PhotosView.as_view()),
    path("media/photos/<str:token>", PhotoView.as_view()),
    path("api/v1/reports", public.ReportsView.as_view()),
    path("api/v1/reports/track", public.TrackView.as_view()),
    path("api/v1/reports/track/rate", public.TrackedRatingView.as_view()),
    path("api/v1/slots", appointments.SlotsView.as_view()),
    path("api/v1/appointments", appointments.AppointmentsView.as_view()),
    path("api/v1/appointments/<uuid:appointment_id>/cancel", appointments.AppointmentCancelView.as_view()),
    path("api/v1/appointments/<uuid:appointment_id>/slots", appointments.AppointmentSlotsView.as_view()),
    path("api/v1/appointments/<uuid:appointment_id>/move", appointments.AppointmentMoveView.as_view()),
    path("api/v1/my/requests", public.MyRequestsView.as_view()),
    path("api/v1/my/requests/<uuid:case_id>", public.MyRequestView.as_view()),
    path("api/v1/my/requests/<uuid:case_id>/rate", public.MyRatingView.as_view()),
    path("api/v1/my/requests/<uuid:case_id>/cancel", public.MyCancelView.as_view()),
    path("api/v1/my/requests/<uuid:case_id>/reopen", public.MyReopenView.as_view()),
    path("api/v1/field/today", field.TodayView.as_view()),
    path("api/v1/field/week", field.WeekView.as_view()),
    path("api/v1/field/duty", OwnDutyView.as_view()),
    path("api/v1/field/cases", field.FieldCasesView.as_view()),
    path("api/v1/field/cases/<uuid:case_id>", field.FieldCaseView.as_view()),
    path("api/v1/field/cases/<uuid:case_id>/actions", field.FieldCaseActionView.as_view()),
    path("api/v1/field/cases/<uuid:case_id>/correct", field.FieldCaseCorrectionView.as_view()),
    path("api/v1/field/cases/<uuid:case_id>/return", disputes.CaseReturnView.as_view()),
    path("api/v1/field/disputes", disputes.FieldDisputesView.as_view()),
    path("api/v1/field/disputes/<uuid:dispute_id>/accept", disputes.DisputeAcceptView.as_view()),
    path("api/v1/field/disputes/<uuid:dispute_id>/withdraw", disputes.DisputeWithdrawView.as_view()),
    path("api/v1/field/neighbourhood", disputes.NeighbourhoodView.as_view()),
    path("api/v1/field/reports", field.FieldReportsView.as_view()),
    path("api/v1/field/stops/<uuid:stop_id>", field.StopView.as_view()),
    path("api/v1/field/stops/<uuid:stop_id>/visit", field.StopVisitView.as_view()),
    path("api/v1/field/stops/<uuid:stop_id>/skip", field.StopSkipView.as_view()),
    path("api/v1/field/plans/<uuid:plan_id>/seen", field.PlanSeenView.as_view()),
    path("api/v1/field/operations", field.OperationsView.as_view()),
    path("api/v1/field/changes", field.ChangesView.as_view()),
    path("api/v1/field/trackers", OwnTrackersView.as_view()),
    path("api/v1/field/trackers/<uuid:tracker_id>/revoke", OwnTrackerRevokeView.as_view()),
    path("trackers/owntracks", trackers.owntracks),
    path("trackers/overland", trackers.overland),
    path("trackers/traccar", trackers.traccar),
    path("api/v1/field/consents", patrols.ConsentsView.as_view()),
    path("api/v1/field/tracks/flagged", patrols.FlaggedTracksView.as_view()),
    path("api/v1/field/sessions", patrols.SessionsView.as_view()),
    path("api/v1/field/sessions/<uuid:session_id>", patrols.SessionView.as_view()),
    path("api/v1/field/sessions/<uuid:session_id>/end", patrols.SessionEndView.as_view()),
]

package dev.flynn.json;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.annotation.JsonAppend;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import com.fasterxml.jackson.databind.module.SimpleModule;
import dev.flynn.api.access.AuditEntry;
import dev.flynn.api.access.Scope;
import dev.flynn.api.app.App;
import dev.flynn.api.app.ExpandedFormation;
import dev.flynn.api.app.Formation;
import dev.flynn.api.app.ScaleRequest;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.certificate.AcmeValidation;
import dev.flynn.api.certificate.DomainCertificate;
import dev.flynn.api.deployment.DeploymentStatus;
import dev.flynn.api.domain.DomainMigration;
import dev.flynn.api.domain.TlsCertificate;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.Event;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.DeploymentId;
import dev.flynn.api.id.Id;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ProviderId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.id.ResourceId;
import dev.flynn.api.id.RouteId;
import dev.flynn.api.job.Job;
import dev.flynn.api.job.JobState;
import dev.flynn.api.job.NewJob;
import dev.flynn.api.job.Priority;
import dev.flynn.api.log.LogMessage;
import dev.flynn.api.release.HealthCheck;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.api.release.Service;
import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.Route;
import dev.flynn.api.route.RoutePolicy;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** How the API types differ from what Jackson would do by itself. */
final class WireModule extends SimpleModule {

    private static final long serialVersionUID = 1L;

    WireModule() {
        super("flynn-wire");
        addId(AppId.class, AppId::of);
        addId(ReleaseId.class, ReleaseId::of);
        addId(ArtifactId.class, ArtifactId::of);
        addId(DeploymentId.class, DeploymentId::of);
        addId(RouteId.class, RouteId::of);
        addId(ProviderId.class, ProviderId::of);
        addId(ResourceId.class, ResourceId::of);
        addText(JobId.class, JobId::value, JobId::new);
        addText(Strategy.class, Strategy::wireName, Strategy::ofWireName);
        addText(JobState.class, JobState::wireName, JobState::ofWireName);
        addText(Priority.class, Priority::wireName, Priority::ofWireName);
        addText(DeploymentStatus.class, DeploymentStatus::wireName, WireModule::deploymentStatus);
        addText(ScaleRequest.State.class, ScaleRequest.State::wireName, WireModule::scaleRequestState);
        addText(Scope.class, Scope::toString, Scope::parse);
        addText(BackendProtocol.class, BackendProtocol::wireName, BackendProtocol::ofWireName);
        addText(RoutePolicy.Auth.Scheme.class, RoutePolicy.Auth.Scheme::wireName, RoutePolicy.Auth.Scheme::ofWireName);
        addText(AcmeValidation.class, AcmeValidation::wireName, AcmeValidation::ofWireName);
        addText(DomainCertificate.State.class, DomainCertificate.State::wireName, DomainCertificate.State::ofWireName);
        addText(Instant.class, Times::format, Times::parse);
        addSerializer(Duration.class, new DurationSerializer());
        addDeserializer(Duration.class, new DurationDeserializer());
        setMixInAnnotation(App.class, AppForm.class);
        setMixInAnnotation(Formation.class, FormationForm.class);
        setMixInAnnotation(ExpandedFormation.class, ExpandedFormationForm.class);
        setMixInAnnotation(Release.class, ReleaseForm.class);
        setMixInAnnotation(ProcessType.class, ProcessTypeForm.class);
        setMixInAnnotation(Port.class, PortForm.class);
        setMixInAnnotation(Service.class, ServiceForm.class);
        setMixInAnnotation(HealthCheck.class, HealthCheckForm.class);
        setMixInAnnotation(ResourceLimit.class, ResourceLimitForm.class);
        setMixInAnnotation(Job.class, JobForm.class);
        setMixInAnnotation(NewJob.class, NewJobForm.class);
        setMixInAnnotation(Route.class, RouteForm.class);
        setMixInAnnotation(RoutePolicy.class, RoutePolicyForm.class);
        setMixInAnnotation(RoutePolicy.Auth.class, AuthForm.class);
        setMixInAnnotation(RoutePolicy.HeaderRules.class, HeaderRulesForm.class);
        setMixInAnnotation(AuditEntry.class, AuditEntryForm.class);
        setMixInAnnotation(Event.class, EventForm.class);
        setMixInAnnotation(LogMessage.class, LogMessageForm.class);
        setMixInAnnotation(DomainMigration.class, DomainMigrationForm.class);
        setMixInAnnotation(TlsCertificate.class, TlsCertificateForm.class);
    }

    private static DeploymentStatus deploymentStatus(String text) {
        return Arrays.stream(DeploymentStatus.values())
                .filter(status -> status.wireName().equals(text))
                .findFirst()
                .orElseThrow(
                        () -> FlynnException.invalidField("status", "\"" + text + "\" is not a deployment's status"));
    }

    private static ScaleRequest.State scaleRequestState(String text) {
        return Arrays.stream(ScaleRequest.State.values())
                .filter(state -> state.wireName().equals(text))
                .findFirst()
                .orElseThrow(
                        () -> FlynnException.invalidField("state", "\"" + text + "\" is not a scale request's state"));
    }

    private <T extends Id> void addId(Class<T> type, Function<String, T> parse) {
        addText(type, id -> id.value().toString(), parse);
    }

    /** A type that is a plain string in JSON. */
    private <T> void addText(Class<T> type, Function<T, String> format, Function<String, T> parse) {
        addSerializer(type, new JsonSerializer<T>() {
            @Override
            public void serialize(T value, JsonGenerator json, SerializerProvider provider) throws IOException {
                json.writeString(format.apply(value));
            }
        });
        addDeserializer(type, new JsonDeserializer<T>() {
            @Override
            public T deserialize(JsonParser json, DeserializationContext context) throws IOException {
                if (json.currentToken() != JsonToken.VALUE_STRING) {
                    return type.cast(context.handleUnexpectedToken(type, json));
                }
                return parse.apply(json.getText());
            }
        });
        addKeySerializer(type, new JsonSerializer<T>() {
            @Override
            public void serialize(T value, JsonGenerator json, SerializerProvider provider) throws IOException {
                json.writeFieldName(format.apply(value));
            }
        });
    }

    private static final class DurationSerializer extends JsonSerializer<Duration> {
        @Override
        public void serialize(Duration value, JsonGenerator json, SerializerProvider provider) throws IOException {
            json.writeNumber(value.toNanos());
        }
    }

    private static final class DurationDeserializer extends JsonDeserializer<Duration> {
        @Override
        public Duration deserialize(JsonParser json, DeserializationContext context) throws IOException {
            return Duration.ofNanos(json.getLongValue());
        }
    }

    abstract static class AppForm {
        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract Map<String, String> meta();

        @JsonProperty("protected")
        abstract boolean isProtected();

        @JsonProperty(access = JsonProperty.Access.READ_ONLY)
        @com.fasterxml.jackson.annotation.JsonIgnore
        abstract boolean isSystemApp();
    }

    abstract static class FormationForm {
        @com.fasterxml.jackson.annotation.JsonIgnore
        abstract int total();
    }

    abstract static class ExpandedFormationForm {
        @JsonInclude(JsonInclude.Include.ALWAYS)
        @JsonSerialize(using = ZeroTimeSerializer.class)
        @JsonDeserialize(using = ZeroTimeDeserializer.class)
        abstract Optional<Instant> updatedAt();
    }

    /** An absent time is {@code 0001-01-01T00:00:00Z} where the contract says always. */
    static final class ZeroTimeSerializer extends JsonSerializer<Optional<Instant>> {
        @Override
        public void serialize(Optional<Instant> value, JsonGenerator json, SerializerProvider provider)
                throws IOException {
            json.writeString(value.map(Times::format).orElse(Times.ZERO));
        }
    }

    static final class ZeroTimeDeserializer extends JsonDeserializer<Optional<Instant>> {
        @Override
        public Optional<Instant> deserialize(JsonParser json, DeserializationContext context) throws IOException {
            String text = json.getText();
            return text.equals(Times.ZERO) ? Optional.empty() : Optional.of(Times.parse(text));
        }
    }

    @JsonIgnoreProperties(value = "artifact", allowGetters = true)
    abstract static class ReleaseForm {
        @JsonProperty("app_id")
        abstract Optional<AppId> app();

        @JsonProperty("artifact")
        abstract Optional<ArtifactId> artifact();
    }

    /** Later clients look for the command line under its later name. */
    @JsonDeserialize(converter = ProcessTypeReader.class)
    @JsonAppend(props = @JsonAppend.Prop(value = CommandLine.class, name = "args", type = List.class))
    abstract static class ProcessTypeForm {}

    @JsonDeserialize(converter = NewJobReader.class)
    abstract static class NewJobForm {}

    @JsonInclude(JsonInclude.Include.NON_ABSENT)
    abstract static class PortForm {}

    abstract static class ServiceForm {
        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract String name();
    }

    @JsonDeserialize(using = HealthCheckDeserializer.class)
    abstract static class HealthCheckForm {}

    /** Both limits are always there, null when not given. */
    @JsonInclude(JsonInclude.Include.ALWAYS)
    abstract static class ResourceLimitForm {
        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract OptionalLong request();

        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract OptionalLong limit();
    }

    /** Later clients look for the parts of the id, and for the command under its later name. */
    @JsonAppend(
            props = {
                @JsonAppend.Prop(value = JobParts.class, name = "uuid", type = String.class),
                @JsonAppend.Prop(value = JobParts.class, name = "host_id", type = String.class),
                @JsonAppend.Prop(value = JobParts.class, name = "args", type = List.class)
            })
    abstract static class JobForm {}

    abstract static class RouteForm {
        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract String service();

        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract boolean leader();

        @com.fasterxml.jackson.annotation.JsonIgnore
        abstract String formattedId();
    }

    @JsonDeserialize(converter = RoutePolicyReader.class)
    abstract static class RoutePolicyForm {
        @JsonInclude(value = JsonInclude.Include.CUSTOM, valueFilter = NoRules.class)
        abstract RoutePolicy.HeaderRules requestHeaders();

        @JsonInclude(value = JsonInclude.Include.CUSTOM, valueFilter = NoRules.class)
        abstract RoutePolicy.HeaderRules responseHeaders();
    }

    /** Equals what is left out; see {@link JsonInclude#valueFilter}. */
    static final class NoRules {
        @Override
        public boolean equals(@Nullable Object other) {
            return RoutePolicy.HeaderRules.NONE.equals(other);
        }

        @Override
        public int hashCode() {
            return 0;
        }
    }

    abstract static class AuthForm {
        @com.fasterxml.jackson.annotation.JsonIgnore
        abstract boolean isMd5();
    }

    abstract static class HeaderRulesForm {
        @com.fasterxml.jackson.annotation.JsonIgnore
        abstract boolean isEmpty();
    }

    abstract static class AuditEntryForm {
        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract int status();

        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract long millis();
    }

    abstract static class EventForm {
        @JsonRawValue
        @JsonInclude(JsonInclude.Include.ALWAYS)
        @JsonDeserialize(using = RawDeserializer.class)
        abstract String data();
    }

    /** Keeps any JSON value as its text. */
    static final class RawDeserializer extends JsonDeserializer<String> {
        @Override
        public String deserialize(JsonParser json, DeserializationContext context) throws IOException {
            return json.readValueAsTree().toString();
        }

        @Override
        public String getNullValue(DeserializationContext context) {
            return "null";
        }
    }

    @JsonIgnoreProperties(value = "source", allowGetters = true)
    abstract static class LogMessageForm {
        @JsonProperty("msg")
        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract String message();

        @JsonProperty("source")
        abstract String source();

        @JsonSerialize(using = NanosSerializer.class)
        abstract Instant timestamp();
    }

    static final class NanosSerializer extends JsonSerializer<Instant> {
        @Override
        public void serialize(Instant value, JsonGenerator json, SerializerProvider provider) throws IOException {
            json.writeString(Times.formatNanos(value));
        }
    }

    abstract static class DomainMigrationForm {
        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract String id();

        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract String oldDomain();

        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract String domain();
    }

    @JsonInclude(JsonInclude.Include.ALWAYS)
    abstract static class TlsCertificateForm {
        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract String caCert();

        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract String cert();

        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract String key();

        @JsonInclude(JsonInclude.Include.ALWAYS)
        abstract String pin();
    }
}

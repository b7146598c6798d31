package dev.flynn.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.cfg.MapperConfig;
import com.fasterxml.jackson.databind.introspect.AnnotatedClass;
import com.fasterxml.jackson.databind.introspect.BeanPropertyDefinition;
import com.fasterxml.jackson.databind.ser.VirtualBeanPropertyWriter;
import com.fasterxml.jackson.databind.util.Annotations;
import dev.flynn.api.job.Job;
import org.jspecify.annotations.Nullable;

/** What the wire says of a job beside its components, derived from them. */
final class JobParts extends VirtualBeanPropertyWriter {

    private static final long serialVersionUID = 1L;

    /** For Jackson. */
    JobParts() {}

    private JobParts(BeanPropertyDefinition property, Annotations annotations, JavaType type) {
        super(property, annotations, type);
    }

    @Override
    protected @Nullable Object value(Object bean, JsonGenerator json, SerializerProvider provider) {
        Job job = (Job) bean;
        return switch (getName()) {
            case "uuid" -> job.id().uuid();
            case "host_id" -> job.id().hostId();
            case "args" -> job.cmd().isEmpty() ? null : job.cmd();
            default -> throw new IllegalStateException("a job has no part " + getName());
        };
    }

    @Override
    public VirtualBeanPropertyWriter withConfig(
            MapperConfig<?> config, AnnotatedClass declaringClass, BeanPropertyDefinition property, JavaType type) {
        return new JobParts(property, declaringClass.getAnnotations(), type);
    }
}

package dev.flynn.json;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.cfg.MapperConfig;
import com.fasterxml.jackson.databind.introspect.AnnotatedClass;
import com.fasterxml.jackson.databind.introspect.BeanPropertyDefinition;
import com.fasterxml.jackson.databind.ser.VirtualBeanPropertyWriter;
import com.fasterxml.jackson.databind.util.Annotations;
import dev.flynn.api.release.ProcessType;
import org.jspecify.annotations.Nullable;

/**
 * {@code args} of a process type whose entrypoint is its whole command line, which is what {@code args} means and how it is
 * kept.
 */
final class CommandLine extends VirtualBeanPropertyWriter {

    private static final long serialVersionUID = 1L;

    /** For Jackson. */
    CommandLine() {}

    private CommandLine(BeanPropertyDefinition property, Annotations annotations, JavaType type) {
        super(property, annotations, type);
    }

    @Override
    protected @Nullable Object value(Object bean, JsonGenerator json, SerializerProvider provider) {
        ProcessType process = (ProcessType) bean;
        return process.cmd().isEmpty() && !process.entrypoint().isEmpty() ? process.entrypoint() : null;
    }

    @Override
    public VirtualBeanPropertyWriter withConfig(
            MapperConfig<?> config, AnnotatedClass declaringClass, BeanPropertyDefinition property, JavaType type) {
        return new CommandLine(property, declaringClass.getAnnotations(), type);
    }
}

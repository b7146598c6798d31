package dev.flynn.distro.backends;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.container.ContainerBackendFactory;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.resource.ResourceProviderFactory;
import dev.flynn.spi.scheduler.Scheduler;
import dev.flynn.spi.scheduler.SchedulerFactory;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PluginsTest {

    private static final String SOURCE = """
            package com.example;
            public class %s implements dev.flynn.spi.container.ContainerBackendFactory {
                public String name() { return "%s"; }
                public dev.flynn.spi.container.ContainerBackend create(java.util.Map<String, String> settings,
                        dev.flynn.spi.component.ComponentContext context, dev.flynn.spi.container.JobFiles files) {
                    throw new UnsupportedOperationException();
                }
            }
            """;

    @TempDir
    Path folder;

    @Test
    void withoutAFolderThereAreNone() {
        assertThat(Plugins.in(folder.resolve("nothing")).names()).isEmpty();
    }

    @Test
    void whatAJarDeclaresIsFoundAndWhatTheProgramHasItselfIsNot() throws IOException {
        jar("one.jar", "First", "jail");
        jar("two.jar", "Second", "chroot");

        Plugins plugins = Plugins.in(folder);

        assertThat(plugins.names()).containsExactly("chroot", "jail");
        assertThat(plugins.named("jail").getClass().getName()).isEqualTo("com.example.First");
    }

    @Test
    void aNameThatNoneHasIsRefusedWithTheFolder() throws IOException {
        jar("one.jar", "First", "jail");

        assertThatThrownBy(() -> Plugins.in(folder).named("jai1"))
                .isInstanceOf(FlynnException.class)
                .hasMessageContainingAll("jai1", folder.toString());
    }

    @Test
    void twoOfOneNameAreRefused() throws IOException {
        jar("one.jar", "First", "jail");
        jar("two.jar", "Second", "jail");

        assertThatThrownBy(() -> Plugins.in(folder))
                .isInstanceOf(FlynnException.class)
                .hasMessageContainingAll("two jars", "jail");
    }

    @Test
    void aJarWhoseClassIsMissingIsRefusedWithItsName() throws IOException {
        try (var jar = new JarOutputStream(Files.newOutputStream(folder.resolve("broken.jar")))) {
            service(jar, ContainerBackendFactory.class, "com.example.Missing");
        }

        assertThatThrownBy(() -> Plugins.in(folder))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("com.example.Missing");
    }

    @Test
    void providersOfResourcesAndSchedulersAreFoundToo() throws IOException {
        plugin("db.jar", "Databases", ResourceProviderFactory.class, ResourceProvider.class);
        plugin("plan.jar", "Planner", SchedulerFactory.class, Scheduler.class);

        Plugins plugins = Plugins.in(folder);

        assertThat(plugins.names()).isEmpty();
        assertThat(plugins.resourceProviders())
                .extracting(ResourceProviderFactory::name)
                .containsExactly("Databases");
        assertThat(ServiceLoader.load(SchedulerFactory.class, plugins.loader()))
                .extracting(SchedulerFactory::name)
                .contains("Planner", "spread");
    }

    private void plugin(String file, String className, Class<?> factory, Class<?> made) throws IOException {
        String source = """
                package com.example;
                public class %s implements %s {
                    public String name() { return "%s"; }
                    public %s create(java.util.Map<String, String> settings,
                            dev.flynn.spi.component.ComponentContext context) {
                        throw new UnsupportedOperationException();
                    }
                }
                """.formatted(className, factory.getName(), className, made.getName());
        jar(file, className, source, factory);
    }

    @Test
    void settingsComeFromTheFileBesideTheJar() throws IOException {
        jar("one.jar", "First", "jail");
        Files.writeString(folder.resolve("jail.properties"), "# for this machine\naddress = 10.0.0.1\n");

        Plugins plugins = Plugins.in(folder);

        assertThat(plugins.settings("jail")).containsOnlyKeys("address").containsEntry("address", "10.0.0.1");
        assertThat(plugins.settings("chroot")).isEmpty();
    }

    private void jar(String file, String className, String name) throws IOException {
        jar(file, className, SOURCE.formatted(className, name), ContainerBackendFactory.class);
    }

    private void jar(String file, String className, String source, Class<?> factory) throws IOException {
        Path classes = Files.createDirectory(folder.resolve(file + ".classes"));
        compile(classes, className, source);
        String entry = "com/example/" + className + ".class";
        try (var jar = new JarOutputStream(Files.newOutputStream(folder.resolve(file)))) {
            service(jar, factory, "com.example." + className);
            put(jar, entry, Files.readAllBytes(classes.resolve(entry)));
        }
    }

    private static void service(JarOutputStream jar, Class<?> factory, String className) throws IOException {
        put(jar, "META-INF/services/" + factory.getName(), className.getBytes(StandardCharsets.UTF_8));
    }

    private static void put(JarOutputStream jar, String name, byte[] content) throws IOException {
        jar.putNextEntry(new JarEntry(name));
        jar.write(content);
        jar.closeEntry();
    }

    private static void compile(Path into, String className, String source) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        var file =
                new SimpleJavaFileObject(URI.create("string:///" + className + ".java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
                    }
                };
        List<String> options = new ArrayList<>(List.of("-d", into.toString(), "-proc:none"));
        options.addAll(List.of("-cp", System.getProperty("java.class.path")));
        assertThat(compiler.getTask(null, null, null, options, null, List.of(file))
                        .call())
                .isTrue();
    }
}

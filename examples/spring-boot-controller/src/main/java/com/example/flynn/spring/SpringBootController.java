package com.example.flynn.spring;

import dev.flynn.controller.http.ControllerConfig;
import dev.flynn.controller.http.ControllerFeature;
import dev.flynn.embedded.Flynn;
import java.util.Map;
import org.glassfish.jersey.server.ResourceConfig;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.annotation.Bean;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;

/** A Spring Boot application that has a controller, and its HTTP API below {@code /platform/flynn}. */
@SpringBootApplication
public class SpringBootController {

    public static void main(String[] arguments) {
        SpringApplication.run(SpringBootController.class, arguments);
    }

    /** Spring closes it with the context. */
    @Bean
    Flynn flynn() {
        return Flynn.builder().program(new Greeter()).build();
    }

    @Bean
    ControllerFeature flynnApi(Flynn flynn, @Value("${flynn.key}") String key) {
        return ControllerFeature.at("flynn", ControllerConfig.fromEnv(Map.of("AUTH_KEY", key)), flynn.controller());
    }

    /** The application's own Jersey, at {@code spring.jersey.application-path}; resources of its own go here, too. */
    @Bean
    ResourceConfig jersey(ControllerFeature flynnApi) {
        return new ResourceConfig(Hello.class).register(flynnApi);
    }

    /** Before the web server stops, which would wait for streams otherwise. */
    @EventListener(ContextClosedEvent.class)
    void end(ContextClosedEvent event) {
        event.getApplicationContext().getBean(ControllerFeature.class).close();
    }

    /** What {@code spring-boot-starter-actuator}, if it is there, shows as {@code flynn}. */
    @Bean("flynnHealth")
    HealthIndicator flynnHealth(Flynn flynn) {
        return () -> Health.up()
                .withDetail("apps", flynn.apps().list().size())
                .build();
    }
}

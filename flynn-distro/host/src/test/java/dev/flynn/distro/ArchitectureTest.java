package dev.flynn.distro;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The lines between the modules, over everything that the program is assembled from. */
class ArchitectureTest {

    private static final String API = "dev.flynn.api..";
    private static final String SPI = "dev.flynn.spi..";
    private static final String DISTRO = "dev.flynn.distro..";

    private static JavaClasses platform;

    @BeforeAll
    static void read() {
        platform = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.flynn");
    }

    /** The rules below hold for nothing if nothing was read. */
    @Test
    void everyComponentIsLookedAt() {
        for (Class<?> door : List.of(
                dev.flynn.api.app.App.class,
                dev.flynn.spi.store.ClusterStore.class,
                dev.flynn.controller.Controller.class,
                dev.flynn.controller.http.ControllerWeb.class,
                dev.flynn.host.HostAgent.class,
                SingleHost.class)) {
            assertThat(platform.contain(door)).as(door.getName()).isTrue();
        }
    }

    @Test
    void theApiNeedsTheJdkOnly() {
        classes()
                .that()
                .resideInAPackage(API)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(API, "java..", "org.jspecify..", "org.apiguardian..")
                .check(platform);
    }

    @Test
    void theSpiNeedsTheApiAndTheJdkOnly() {
        classes()
                .that()
                .resideInAPackage(SPI)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(SPI, API, "java..", "org.jspecify..", "org.apiguardian..")
                .check(platform);
    }

    @Test
    void apiAndSpiAreSilent() {
        noClasses()
                .that()
                .resideInAnyPackage(API, SPI)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.util.logging..", "org.slf4j..")
                .orShould()
                .dependOnClassesThat()
                .belongToAnyOf(System.Logger.class)
                .check(platform);
    }

    /** So that a program can embed the controller without a server. */
    @Test
    void theControllerSpeaksHttpInAPackageOfItsOwn() {
        noClasses()
                .that()
                .resideInAPackage("dev.flynn.controller")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("jakarta..", "org.glassfish..", "dev.flynn.controller.http..")
                .check(platform);
    }

    @Test
    void componentsFormNoCycle() {
        slices().matching("dev.flynn.(*)..").should().beFreeOfCycles().check(platform);
    }

    /** Messages, TLS, policies, counts and tables are read one at a time, without the connections that use them. */
    @Test
    void theRouterStandsOnPackagesThatDoNotKnowIt() {
        slices().matching("dev.flynn.router.(*)").should().beFreeOfCycles().check(platform);
        noClasses()
                .that()
                .resideInAnyPackage(
                        "dev.flynn.router.message",
                        "dev.flynn.router.tls",
                        "dev.flynn.router.policy",
                        "dev.flynn.router.telemetry",
                        "dev.flynn.router.table")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("dev.flynn.router")
                .check(platform);
    }

    @Test
    void noComponentKnowsTheAssembly() {
        noClasses()
                .that()
                .resideOutsideOfPackage(DISTRO)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(DISTRO)
                .check(platform);
    }
}

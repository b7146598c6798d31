package com.example.flynn.spring;

import dev.flynn.api.app.App;
import dev.flynn.controller.AppCatalog.NewApp;
import dev.flynn.embedded.Flynn;
import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Spring MVC, which uses Flynn as a bean. */
@RestController
class AppsController {

    private final Flynn flynn;

    AppsController(Flynn flynn) {
        this.flynn = flynn;
    }

    @GetMapping("/names")
    List<String> names() {
        return flynn.apps().list().stream().map(App::name).toList();
    }

    @PostMapping("/names")
    String add(@RequestParam String name) {
        return flynn.apps().create(NewApp.named(name)).name();
    }
}
